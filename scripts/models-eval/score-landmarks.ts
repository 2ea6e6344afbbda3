import { join } from 'node:path';
import { createFaceLandmarker } from '../../src/inference/face/face-landmarks.ts';
import { readArea } from '../../src/inference/image/open-image.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import { type Face, readFaces } from './face-set.ts';
import { mean, median } from './mean.ts';

/** The outer corners of the eyes in MediaPipe's numbering. */
const [RIGHT_EYE, LEFT_EYE] = [33, 263];
/** Passes that locate a face. */
const PASSES = 5;

export interface LandmarksScore {
  /** Mean over points and faces, as a share of the distance of the eyes. */
  error: number;
  medianError: number;
  faces: number;
  /** Median milliseconds of one of the passes, cropping included, one thread. */
  passMs: number;
}

/** @param dir in the form of `readFaces` */
export async function scoreLandmarks(model: FoundModel, dir: string, limit: number): Promise<LandmarksScore> {
  const landmarker = await createFaceLandmarker(model, { threads: 1 });
  const faces = await readFaces(dir, limit);
  const [errors, times]: [number[], number[]] = [[], []];
  for (const face of faces) {
    const picture = await readArea(join(dir, 'images', `${face.id}.jpg`));
    const start = performance.now();
    const { points } = await landmarker.locate(picture, face.face_box);
    times.push((performance.now() - start) / PASSES);
    errors.push(errorOf(points, face));
  }
  return { error: mean(errors), medianError: median(errors), faces: faces.length, passMs: median(times) };
}

function errorOf(points: Float32Array, { landmarks468: truth }: Face): number {
  const [right, left] = [truth[RIGHT_EYE]!, truth[LEFT_EYE]!];
  const eyes = Math.hypot(right[0] - left[0], right[1] - left[1]);
  const distances = truth.map(([x, y], at) => Math.hypot(points[3 * at]! - x, points[3 * at + 1]! - y));
  return mean(distances) / eyes;
}
