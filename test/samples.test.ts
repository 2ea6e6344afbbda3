import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTask } from '../src/inference/detect/detector-task.ts';
import { createFaceDetector, FACE_KINDS } from '../src/inference/face/face-detector.ts';
import {
  createFaceLandmarker,
  type FaceLandmarks,
  LANDMARK_KINDS,
} from '../src/inference/face/face-landmarks.ts';
import { toImageTensor } from '../src/inference/image/image-tensor.ts';
import { openImageModel } from '../src/inference/runtime/session.ts';
import { readWav } from '../src/media/audio/wav.ts';
import { findModel, type ModelTask } from '../src/models/find-model.ts';
import { needs } from './harness/needs.ts';
import { modelsDir } from './harness/shared-media.ts';

const samplePath = (name: string): string => fileURLToPath(new URL(`../samples/${name}`, import.meta.url));
const PORTRAIT = samplePath('portrait.jpg');
const VOICE = samplePath('voice.wav');
const MOST_BYTES = 400_000;

describe('the sample portrait', () => {
  it('is a square JPEG of 1024 pixels that is small enough to ship', async () => {
    expect(await sharp(PORTRAIT).metadata()).toMatchObject({ format: 'jpeg', width: 1024, height: 1024 });
    expect((await stat(PORTRAIT)).size).toBeLessThan(MOST_BYTES);
  });
});

describe('the sample voice', () => {
  it('is a few seconds of mono speech, loud enough and without clipping', async () => {
    const { sampleRateHz, channels } = await readWav(VOICE);
    const [samples] = channels;
    const peak = samples!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(channels).toHaveLength(1);
    expect(samples!.length / sampleRateHz).toBeGreaterThan(6);
    expect(samples!.length / sampleRateHz).toBeLessThan(9);
    expect(peak).toBeGreaterThan(0.3);
    expect(peak).toBeLessThan(0.999);
    expect((await stat(VOICE)).size).toBeLessThan(MOST_BYTES);
  });
});

needs('MODELS_DIR').describe('the sample portrait before real models', () => {
  const model = (task: ModelTask, kinds: readonly string[]) =>
    findModel(task, kinds, { dir: modelsDir, cacheDir: 'none' });
  let face: FaceLandmarks;
  let confidence: number;

  beforeAll(async () => {
    const { data, info } = await sharp(PORTRAIT).raw().toBuffer({ resolveWithObject: true });
    const picture = { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 } as const;
    const detector = await createFaceDetector(await model('face-detection', FACE_KINDS), { threads: 1 });
    const landmarker = await createFaceLandmarker(await model('face-landmarks', LANDMARK_KINDS), {
      threads: 1,
    });
    const [found] = await detector.detect(picture);
    confidence = found!.score;
    face = await landmarker.locate(picture, found!.box);
  });

  it('shows exactly one person', async () => {
    const task = await createTask({ model: await model('person-detection', ['yolo-dense']), threads: 1 });
    const { persons } = await task.run({ imagePath: PORTRAIT, confThreshold: 0.3 }, () => {});
    expect(persons).toHaveLength(1);
    expect(persons[0]!.confidence).toBeGreaterThan(0.6);
  });

  it('shows a face that is large, certain and steady', () => {
    const height = face.points[3 * 152 + 1]! - face.points[3 * 10 + 1]!;
    expect(confidence).toBeGreaterThan(0.8);
    expect(face.logit).toBeGreaterThan(15);
    expect(face.drift).toBeLessThan(0.02);
    expect(height).toBeGreaterThan(250);
  });

  it('looks straight ahead with its mouth closed', () => {
    const at = (index: number) => ({ x: face.points[3 * index]!, y: face.points[3 * index + 1]! });
    const depth = (index: number) => face.points[3 * index + 2]!;
    const yaw = Math.atan2(depth(263) - depth(33), at(263).x - at(33).x) * (180 / Math.PI);
    const mouthWidth = at(291).x - at(61).x;
    expect(Math.abs(yaw)).toBeLessThan(6);
    expect((at(14).y - at(13).y) / mouthWidth).toBeLessThan(0.06);
  });

  it('has its eyes where they were drawn', () => {
    const middle = (outer: number, inner: number, axis: number) =>
      (face.points[3 * outer + axis]! + face.points[3 * inner + axis]!) / 2;
    for (const [outer, inner, xPx, yPx] of [
      [33, 133, 437.7, 354.8],
      [263, 362, 586.3, 354.8],
    ] as const) {
      expect(Math.hypot(middle(outer, inner, 0) - xPx, middle(outer, inner, 1) - yPx)).toBeLessThan(12);
    }
  });

  it('is cut out cleanly', async () => {
    const matting = await model('background-removal', ['alpha']);
    const { input } = matting.contract;
    const side = input.shape[2]!;
    const bytes = await sharp(PORTRAIT).resize(side, side, { fit: 'fill' }).raw().toBuffer();
    const run = await openImageModel(matting, { threads: 1 });
    const [alpha] = await run(toImageTensor(bytes, side, side, input));
    const share = (isCounted: (value: number) => boolean) =>
      alpha!.data.filter(isCounted).length / alpha!.data.length;
    expect(share((value) => value > 0.5)).toBeGreaterThan(0.4);
    expect(share((value) => value > 0.5)).toBeLessThan(0.65);
    expect(share((value) => value > 0.1 && value < 0.9)).toBeLessThan(0.03);
  });
});
