import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseClassNames, personClassOf } from '../../../src/inference/detect/class-names.ts';
import { readOnnxMetadata } from '../../../src/inference/runtime/onnx-metadata.ts';
import { needs } from '../../harness/needs.ts';
import { modelsDir } from '../../harness/shared-media.ts';

const starter = fileURLToPath(new URL('../../../models/person-detector.onnx', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limelight-metadata-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A length-delimited field of a protocol buffer. */
function field(number: number, contents: Buffer | string): Buffer {
  const bytes = Buffer.from(contents);
  const length: number[] = [];
  for (let left = bytes.length; left > 0 || length.length === 0; left = Math.floor(left / 128)) {
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.of(8 * number + 2, ...length), bytes]);
}

const entry = (key: string, value: string) => field(14, Buffer.concat([field(1, key), field(2, value)]));

describe('the metadata of an ONNX file', () => {
  it('is read from real exports', async () => {
    const metadata = await readOnnxMetadata(starter);
    expect(metadata.get('author')).toBe('Limelight');
    expect(parseClassNames(metadata.get('names'))).toEqual(new Map([[0, 'person']]));
  });

  needs('MODELS_DIR').it("is read from Ultralytics' exports", async () => {
    const metadata = await readOnnxMetadata(join(modelsDir as string, 'yolov8n.onnx'));
    const names = parseClassNames(metadata.get('names'));
    expect([names.size, names.get(0), names.get(9)]).toEqual([80, 'person', 'traffic light']);
  });

  it('is found behind a graph of any size, without reading it', async () => {
    const path = join(folder, 'large.onnx');
    const graphBytes = 3 * 2 ** 30;
    const tail = entry('names', "{0: 'cat'}");
    const head = Buffer.concat([Buffer.of(8, 9), Buffer.of(8 * 7 + 2, 0x80, 0x80, 0x80, 0x80, 0x0c)]);
    await using file = await open(path, 'w');
    await file.write(head, 0, head.length, 0);
    // Sparse: the file takes no disk space.
    await file.write(tail, 0, tail.length, head.length + graphBytes);
    expect(await readOnnxMetadata(path)).toEqual(new Map([['names', "{0: 'cat'}"]]));
  });

  it.each([
    ['text', Buffer.from('This is no model at all, but some text')],
    ['nothing', Buffer.alloc(0)],
    ['a length beyond the end', Buffer.of(8 * 14 + 2, 0xff, 0xff, 0x7f, 1)],
    ['a number without an end', Buffer.alloc(64, 0xff)],
  ])('is empty where the file holds %s', async (_, bytes) => {
    const path = join(folder, 'broken.onnx');
    await writeFile(path, bytes);
    expect(await readOnnxMetadata(path)).toEqual(new Map());
  });
});

describe('the person class', () => {
  it.each([
    ["{0: 'person', 1: 'bicycle'}", 0],
    ["{0: 'cat', 1: \"traffic light\", 2: 'Person'}", 2],
    ['{"0": "car", "1": "pedestrian"}', 1],
    [undefined, 0],
    ['not a list of names', 0],
  ])('of %s is %d', (names, expected) => {
    expect(personClassOf(parseClassNames(names), 'a model')).toBe(expected);
  });

  it('is missing in models of other classes, which are refused', () => {
    const names = parseClassNames("{0: 'cat', 1: 'dog'}");
    expect(() => personClassOf(names, 'pets')).toThrowError(
      expect.objectContaining({
        code: 'MODEL_INVALID',
        message: 'The detector pets finds cat, dog, but no people',
      }),
    );
  });
});
