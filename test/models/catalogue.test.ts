import { expect, it } from 'vitest';
import { YOLO_KINDS } from '../../src/inference/detect/yolo-output.ts';
import { FACE_KINDS } from '../../src/inference/face/face-detector.ts';
import { LANDMARK_KINDS } from '../../src/inference/face/face-landmarks.ts';
import { MOUTH_COVER_KINDS } from '../../src/inference/face/mouth-cover.ts';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import { readCatalogue } from '../../src/models/catalogue.ts';
import { LIP_SYNC_KINDS } from '../../src/models/find-model.ts';
import { ModelContract } from '../../src/models/model-manifest.ts';

const KINDS: Record<string, readonly string[]> = {
  'person-detection': YOLO_KINDS,
  'background-removal': MATTING_KINDS,
  'face-detection': FACE_KINDS,
  'face-landmarks': LANDMARK_KINDS,
  'mouth-cover': MOUTH_COVER_KINDS,
  'lip-sync': LIP_SYNC_KINDS,
};

it('the catalogue holds contracts that the pipeline can serve, under names and files of their own', async () => {
  const catalogue = await readCatalogue();
  for (const entry of catalogue) {
    expect(KINDS[entry.task], entry.name).toContain(entry.output.kind);
    // The reader of a model with other inputs than a picture has its contract.
    expect(entry.task === 'lip-sync' || ModelContract.safeParse(entry).success, entry.name).toBe(true);
    expect(entry.variant_of ?? catalogue[0]!.name).toSatisfy((name) =>
      catalogue.some((other) => other.name === name),
    );
  }
  expect(new Set(catalogue.map(({ file }) => file)).size).toBe(catalogue.length);
});

it('comes over https, and has a checksum or asks for the one of the publisher', async () => {
  const catalogue = await readCatalogue();
  expect(catalogue.filter(({ source }) => source && !source.startsWith('https://'))).toEqual([]);
  // The hashes of these were in no public source. Whoever pulls them gives --sha256.
  expect(catalogue.filter(({ sha256 }) => !sha256).map(({ name }) => name)).toEqual([
    'yolov8n',
    'yolo11n',
    'yolo26n',
    'yolox-s',
    'birefnet-fp16',
    'modnet',
    'wav2lip',
  ]);
});

it('whatever is under the AGPL must be accepted', async () => {
  const strict = (await readCatalogue()).filter(({ license }) => license.startsWith('AGPL'));
  expect(strict.map(({ name }) => name)).toEqual(['yolov8n', 'yolo11n', 'yolo26n']);
  expect(strict.every(({ must_accept }) => must_accept)).toBe(true);
});
