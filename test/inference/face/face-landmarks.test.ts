import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/schemas/job-outcome.ts';
import { createFaceDetector, FACE_KINDS } from '../../../src/inference/face/face-detector.ts';
import {
  createFaceLandmarker,
  type FaceLandmarker,
  LANDMARK_KINDS,
} from '../../../src/inference/face/face-landmarks.ts';
import { MIRRORED_POINT } from '../../../src/inference/face/face-mirror.ts';
import { readArea } from '../../../src/inference/image/open-image.ts';
import type { Raster } from '../../../src/inference/image/raster.ts';
import { findModel } from '../../../src/models/find-model.ts';

const PORTRAIT = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const [RIGHT_EYE, LEFT_EYE] = [3 * 33, 3 * 263];
const starters = { cacheDir: '/nonexistent' };

describe('the starter for face points', () => {
  let portrait: Raster;
  let box: Box;
  let landmarker: FaceLandmarker;

  beforeAll(async () => {
    portrait = await readArea(PORTRAIT);
    const detector = await createFaceDetector(await findModel('face-detection', FACE_KINDS, starters), {
      threads: 1,
    });
    box = (await detector.detect(portrait))[0]!.box;
    landmarker = await createFaceLandmarker(await findModel('face-landmarks', LANDMARK_KINDS, starters), {
      threads: 1,
    });
  });

  const between = (a: Float32Array, b: Float32Array) => {
    let sum = 0;
    for (let at = 0; at < a.length; at += 3) {
      sum += Math.hypot(a[at]! - b[at]!, a[at + 1]! - b[at + 1]!);
    }
    return (
      sum / (a.length / 3) / Math.hypot(a[RIGHT_EYE]! - a[LEFT_EYE]!, a[RIGHT_EYE + 1]! - a[LEFT_EYE + 1]!)
    );
  };

  it('finds the same points for different boxes of the face, with confidence', async () => {
    const { points, logit, drift } = await landmarker.locate(portrait, box);
    expect(logit).toBeGreaterThan(10);
    expect(drift).toBeLessThan(0.02);
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    for (const [dx, dy, larger] of [
      [0.06, -0.04, 1.1],
      [-0.06, 0.05, 0.92],
    ] as const) {
      const moved: Box = [
        box[0] + dx * width,
        box[1] + dy * height,
        box[2] + (dx + larger - 1) * width,
        box[3] + (dy + larger - 1) * height,
      ];
      const again = await landmarker.locate(portrait, moved);
      expect(between(points, again.points)).toBeLessThan(0.015);
    }
  });

  it('finds the mirrored points in a mirror image', async () => {
    const { points } = await landmarker.locate(portrait, box);
    const { widthPx, bytes } = portrait;
    const mirrored = bytes.map((_, at) => {
      const pixel = Math.floor(at / 3);
      const x = pixel % widthPx;
      return bytes[3 * (pixel - x + widthPx - 1 - x) + (at % 3)]!;
    });
    const [left, top, right, bottom] = box;
    const { points: found } = await landmarker.locate({ ...portrait, bytes: mirrored }, [
      widthPx - right,
      top,
      widthPx - left,
      bottom,
    ]);
    const back = points.map((_, at) => {
      const value = found[3 * MIRRORED_POINT[Math.floor(at / 3)]! + (at % 3)]!;
      return at % 3 === 0 ? widthPx - value : value;
    });
    expect(between(points, back)).toBeLessThan(0.03);
  });

  it('has a low confidence for a wall', async () => {
    const wall = new Uint8Array(portrait.bytes.length).fill(180);
    const { logit } = await landmarker.locate({ ...portrait, bytes: wall }, box);
    expect(logit).toBeLessThan(10);
  });
});
