import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findModel } from '../../src/models/find-model.ts';
import { needs } from '../harness/needs.ts';
import { modelsDir } from '../harness/shared-media.ts';

const full = {
  name: 'matter',
  task: 'background-removal',
  file: 'matter.onnx',
  source: 'https://example.org/matter.onnx',
  license: 'MIT',
  sha256: 'ab',
  bytes: 5,
  memory_mb: 300,
  revision: '3',
  input: {
    name: 'image',
    shape: [1, 3, null, null],
    layout: 'NCHW',
    colour: 'RGB',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    fit: 'stretch',
    pad: 0,
  },
  output: { kind: 'logits', names: ['alpha'], shape: [1, 1, null, null] },
};

let dir: string;
let cacheDir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'models-'));
  cacheDir = await mkdtemp(join(tmpdir(), 'cache-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
  await rm(cacheDir, { recursive: true });
});

async function fill(folder: string, ...models: unknown[]) {
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(models));
  await writeFile(join(folder, 'matter.onnx'), 'model');
}

describe('a model', () => {
  it('has the contract of its manifest', async () => {
    await fill(dir, full);
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).resolves.toEqual({
      path: join(dir, 'matter.onnx'),
      revision: '3',
      digest: 'ab',
      contract: {
        name: 'matter',
        input: {
          name: 'image',
          shape: [1, 3, null, null],
          layout: 'NCHW',
          colour: 'RGB',
          scale: 1 / 255,
          mean: [0.485, 0.456, 0.406],
          std: [0.229, 0.224, 0.225],
          fit: 'stretch',
          pad: 0,
        },
        output: { kind: 'logits', names: ['alpha'] },
      },
    });
  });

  it('may be described as people write: a ratio, one mean for all channels, one output name', async () => {
    await fill(dir, {
      name: 'detector',
      task: 'person-detection',
      file: 'matter.onnx',
      input: {
        name: 'x',
        shape: [1, 3, 640, 640],
        scale: '1/255',
        mean: 127,
        std: 128,
        fit: 'letterbox, grey 114',
      },
      output: { kind: 'yolo-dense', name: 'y', shape: [1, 84, 8400] },
    });
    const { contract } = await findModel('person-detection', ['yolo-dense'], { dir, cacheDir });
    expect(contract.input).toMatchObject({
      scale: 1 / 255,
      mean: [127, 127, 127],
      std: [128, 128, 128],
      fit: 'letterbox',
      pad: 114,
    });
    expect(contract.output.names).toEqual(['y']);
  });

  it('is the first for its task with a supported output', async () => {
    const other = { name: 'odd', task: 'background-removal', file: 'odd.onnx', output: { kind: 'polygons' } };
    await fill(dir, { name: 'vad', task: 'voice', file: 'v', output: { kind: 'speech' } }, other, full);
    const { contract } = await findModel('background-removal', ['alpha', 'logits'], { dir, cacheDir });
    expect(contract.name).toBe('matter');
  });

  it('comes from the configured folder, else from the cache', async () => {
    await fill(cacheDir, full);
    const fromCache = { path: join(cacheDir, 'matter.onnx') };
    await expect(findModel('background-removal', ['logits'], { cacheDir })).resolves.toMatchObject(fromCache);
    await fill(dir);
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).resolves.toMatchObject(
      fromCache,
    );
    await fill(dir, full);
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).resolves.toMatchObject({
      path: join(dir, 'matter.onnx'),
    });
  });
});

describe('a missing model', () => {
  it('is MODEL_MISSING with the command that installs one', async () => {
    await expect(findModel('background-removal', ['holograms'], { cacheDir })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('Set MODELS_DIR to a folder'),
    });
  });

  it('is MODEL_MISSING if the configured folder has no manifest, even if the cache has one', async () => {
    await fill(cacheDir, full);
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining(dir),
    });
  });

  it('is MODEL_MISSING if the manifest names a missing file', async () => {
    await fill(dir, { ...full, file: 'absent.onnx' });
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('absent.onnx'),
    });
  });
});

describe('an invalid manifest', () => {
  it.each([
    ['the size of the file', { bytes: 4 }, 'has 5 bytes'],
    ['the shape of the input', { input: { ...full.input, shape: [1, 4, 640, 640] } }, 'input.shape'],
    ['the scale of the input', { input: { ...full.input, scale: 'a lot' } }, 'input.scale'],
  ])('about %s is MODEL_INVALID', async (_, fault, words) => {
    await fill(dir, { ...full, ...fault });
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(words),
    });
  });

  it('is MODEL_INVALID if it is not JSON', async () => {
    await writeFile(join(dir, 'manifest.json'), '[{');
    await expect(findModel('background-removal', ['logits'], { dir, cacheDir })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
  });
});

needs('MODELS_DIR').describe('real models', () => {
  it.each(['person-detection', 'background-removal', 'face-detection', 'face-landmarks'] as const)(
    'hold one for %s',
    async (task) => {
      const kinds = ['yolo-dense', 'alpha', 'ultraface', 'landmarks-68'];
      const { contract } = await findModel(task, kinds, { dir: modelsDir, cacheDir });
      expect(contract.input.shape[1]).toBe(3);
    },
  );
});
