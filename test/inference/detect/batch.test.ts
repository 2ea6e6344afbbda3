import { beforeAll, describe, expect, it } from 'vitest';
import type { Detection, DetectorModel } from '../../../src/inference/detect/detector-model.ts';
import { openDetectorModel } from '../../../src/inference/detect/detector-model.ts';
import { testDetectorModel } from '../../../src/inference/detect/detector-self-test.ts';
import { createTask } from '../../../src/inference/detect/detector-task.ts';
import { toDeviceFailure } from '../../../src/inference/runtime/device-failure.ts';
import { type FoundModel, findModel } from '../../../src/models/find-model.ts';
import { FIGURE, figurePhoto } from '../fixtures/figure-photo.ts';

const ignore = () => {};
let starter: FoundModel;

beforeAll(async () => {
  starter = await findModel('person-detection', ['yolo-dense'], { cacheDir: '/nonexistent' });
});

/** A detector on a GPU that finds one person. Its scores in a batch can be made to differ. */
function detector({ batchScore = 0.9 } = {}): DetectorModel {
  const detection = (score: number): Detection => ({
    widthPx: 10,
    heightPx: 10,
    found: [{ score, box: [1, 1, 9, 9] }],
    timingsMs: { model: 10 },
  });
  return {
    name: 'invented',
    sidePx: 640,
    provider: 'cuda',
    takesBatches: true,
    detect: async () => detection(0.9),
    detectTogether: async (images) => images.map(() => detection(batchScore)),
  };
}

describe('the self-test of a detector', () => {
  it.each([
    ['gives the same in batches', detector(), 4],
    ['gives something else in batches', detector({ batchScore: 0.5 }), 1],
    ['takes one picture at a time', { ...detector(), takesBatches: false }, 1],
    ['is computed by a CPU', { ...detector(), provider: 'cpu' as const }, 1],
    [
      'has too little memory for batches',
      {
        ...detector(),
        detectTogether: () => Promise.reject(toDeviceFailure(new Error('out of memory'), 'x')),
      },
      1,
    ],
  ])('finds the batch of one that %s', async (_, model, expected) => {
    expect(await testDetectorModel(model)).toMatchObject({ batch: expected });
  });
});

describe('a batch of the starter', () => {
  it('gives the same as single runs, for photos of different shapes', async () => {
    const model = await openDetectorModel(starter, { threads: 1 });
    expect(model.takesBatches).toBe(true);
    const photos = [FIGURE, await figurePhoto(900, 300), await figurePhoto(200, 640)];
    const together = await model.detectTogether(photos, 0.02);
    for (const [index, photo] of photos.entries()) {
      const { timingsMs: _, ...alone } = await model.detect(photo, 0.02);
      const { timingsMs: __, ...batched } = together[index]!;
      expect(alone.found.length).toBeGreaterThan(0);
      expect(batched.found.length).toBe(alone.found.length);
      expect(batched).toMatchObject({ widthPx: alone.widthPx, heightPx: alone.heightPx });
      for (const [at, { score, box }] of batched.found.entries()) {
        expect(score).toBeCloseTo(alone.found[at]!.score, 4);
        expect(box.every((side, corner) => Math.abs(side - alone.found[at]!.box[corner]!) < 0.05)).toBe(true);
      }
    }
  });
});

describe('the detector on a GPU', () => {
  const plan = () => ({ model: starter, providers: ['cuda', 'cpu'] as ('cuda' | 'cpu')[], threads: 1 });
  const detections = (model: DetectorModel, sizes: number[]): DetectorModel => ({
    ...model,
    detectTogether: (images, minScore) => {
      sizes.push(images.length);
      return model.detectTogether(images, minScore);
    },
  });
  const photos = Array.from({ length: 4 }, () => ({ imagePath: FIGURE, confThreshold: 0.5 }));

  it('detects pictures that wait at the same time as one batch', async () => {
    const sizes: number[] = [];
    const task = await createTask(plan(), async () => detections(detector(), sizes));
    await expect(task.selfTest()).resolves.toMatchObject({ provider: 'cuda', batch: 4 });
    sizes.length = 0;
    const results = await Promise.all(photos.map((photo) => task.run(photo, ignore)));
    expect(sizes).toEqual([4]);
    expect(results.map(({ persons }) => persons.length)).toEqual([1, 1, 1, 1]);
  });

  it('continues one by one on the CPU if the device fails during a batch', async () => {
    let broken = false;
    const task = await createTask(plan(), async ({ provider }) => {
      const model: DetectorModel = { ...detector(), provider };
      return {
        ...model,
        detectTogether: (images, minScore) =>
          broken
            ? Promise.reject(toDeviceFailure(new Error('CUDA failure 999: unknown error ; GPU=0'), 'x'))
            : model.detectTogether(images, minScore),
      };
    });
    broken = true;
    const results = await Promise.all(photos.map((photo) => task.run(photo, ignore)));
    expect(results.map(({ persons }) => persons.length)).toEqual([1, 1, 1, 1]);
    expect(results[0]!.fallbacks).toMatchObject([{ to: expect.stringContaining('on cpu') }]);
    expect(task.degraded).toBe(true);
  });
});
