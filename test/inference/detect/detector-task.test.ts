import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openDetectorModel } from '../../../src/inference/detect/detector-model.ts';
import { createTask } from '../../../src/inference/detect/detector-task.ts';
import { findModel } from '../../../src/models/find-model.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';

const folders = { dir: modelsDir, cacheDir: '/nonexistent' };
const ignore = () => {};

needs('MODELS_DIR', 'MEDIA_DIR').describe('the detector', () => {
  let detector: Awaited<ReturnType<typeof createTask>>;
  const detect = (file: string, confThreshold = 0.5) =>
    detector.run({ imagePath: join(mediaDir as string, file), confThreshold }, ignore);

  beforeAll(async () => {
    const model = await findModel('person-detection', ['yolo-dense'], folders);
    detector = await createTask({ model, threads: 1 });
  });

  it('passes its self-test and names its model', async () => {
    await expect(detector.selfTest()).resolves.toMatchObject({ model: expect.any(String), inputSize: 640 });
  });

  it.each([
    ['obama.jpg', 1, 1],
    ['zidane.jpg', 2, 2],
    ['two_people.jpg', 2, 2],
    ['bus.jpg', 3, 4],
  ])('finds everybody on %s', async (file, fewest, most) => {
    const { persons, widthPx, heightPx } = await detect(`people/${file}`);
    expect(persons.length).toBeGreaterThanOrEqual(fewest);
    expect(persons.length).toBeLessThanOrEqual(most);
    expect(persons.map(({ id }) => id)).toEqual(persons.map((_, index) => index + 1));
    for (const { box, confidence } of persons) {
      expect(confidence).toBeGreaterThanOrEqual(0.5);
      expect(box[0]).toBeGreaterThanOrEqual(0);
      expect(box[2]).toBeLessThanOrEqual(widthPx);
      expect(box[3]).toBeLessThanOrEqual(heightPx);
    }
  });

  it('boxes a person to within a few pixels of the photo', async () => {
    const { persons } = await detect('people/rembg_girl-3.jpg');
    const expected = [292, 71, 516, 475];
    for (const [side, value] of persons[0]!.box.entries()) {
      expect(Math.abs(value - expected[side]!)).toBeLessThan(25);
    }
  });

  it('finds no person in a photo of a cat', async () => {
    await expect(detect('no-person/chelsea_cat.png')).resolves.toMatchObject({ persons: [] });
  });

  it('reports how close the best candidate came to the threshold', async () => {
    const { persons, bestBelowThreshold } = await detect('people/obama.jpg', 0.99);
    expect(persons).toEqual([]);
    expect(bestBelowThreshold).toBeGreaterThan(0.5);
    expect(bestBelowThreshold).toBeLessThan(0.99);
  });
});

needs('MODELS_DIR').describe('a wrongly exported detector', () => {
  it.each([
    ['yolov8n-scores-over-one-320.onnx', 320],
    ['yolov8n-finds-nothing.onnx', 640],
  ])('is refused by its self-test: %s', async (file, side) => {
    const { contract } = await findModel('person-detection', ['yolo-dense'], folders);
    const model = {
      path: join(modelsDir as string, 'broken', file),
      revision: undefined,
      contract: {
        ...contract,
        input: { ...contract.input, shape: [1, 3, side, side] as [number, 3, number, number] },
      },
    };
    await expect(createTask({ model, threads: 1 })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  needs('MEDIA_DIR').it('is refused during a run if its scores exceed 1', async () => {
    const { contract } = await findModel('person-detection', ['yolo-dense'], folders);
    const model = {
      path: join(modelsDir as string, 'broken', 'yolov8n-scores-over-one-320.onnx'),
      revision: undefined,
      contract: {
        ...contract,
        input: { ...contract.input, shape: [1, 3, 320, 320] as [number, 3, number, number] },
      },
    };
    const detector = await openDetectorModel(model, { threads: 1 });
    await expect(detector.detect(join(mediaDir as string, 'people/bus.jpg'), 0.5)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('Expected scores from 0 to 1'),
    });
  });

  it('is refused at startup if the file is not a model or has other names', async () => {
    const { contract, path } = await findModel('person-detection', ['yolo-dense'], folders);
    const noModel = { path: join(modelsDir as string, 'manifest.json'), revision: undefined, contract };
    await expect(createTask({ model: noModel, threads: 1 })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    const misnamed = { ...contract, output: { ...contract.output, names: ['boxes'] } };
    await expect(
      createTask({ model: { path, revision: undefined, contract: misnamed }, threads: 1 }),
    ).rejects.toThrow(/outputs output0, but its manifest names boxes/);
  });
});
