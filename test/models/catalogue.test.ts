import { expect, it } from 'vitest';
import { FACE_KINDS } from '../../src/inference/face-detector.ts';
import { LANDMARK_KINDS } from '../../src/inference/face-landmarks.ts';
import { MATTING_KINDS } from '../../src/inference/matting-output.ts';
import { ModelContract } from '../../src/inference/model-manifest.ts';
import { YOLO_KINDS } from '../../src/inference/yolo-output.ts';
import { readCatalogue } from '../../src/models/catalogue.ts';

const KINDS: Record<string, readonly string[]> = {
  'person-detection': YOLO_KINDS,
  'background-removal': MATTING_KINDS,
  'face-detection': FACE_KINDS,
  'face-landmarks': LANDMARK_KINDS,
};

it('the catalogue holds contracts that the pipeline can serve, under names and files of their own', async () => {
  const catalogue = await readCatalogue();
  for (const entry of catalogue) {
    expect(KINDS[entry.task], entry.name).toContain(entry.output.kind);
    expect(() => ModelContract.parse(entry)).not.toThrow();
    expect(entry.variant_of ?? catalogue[0]!.name).toSatisfy((name) =>
      catalogue.some((other) => other.name === name),
    );
  }
  expect(new Set(catalogue.map(({ file }) => file)).size).toBe(catalogue.length);
});

it('whatever is under the AGPL must be accepted', async () => {
  const strict = (await readCatalogue()).filter(({ license }) => license.startsWith('AGPL'));
  expect(strict.map(({ name }) => name)).toEqual(['yolov8n', 'yolo11n', 'yolo26n']);
  expect(strict.every(({ must_accept }) => must_accept)).toBe(true);
});
