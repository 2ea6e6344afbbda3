import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { FoundModel } from '../../models/find-model.ts';
import type { Raster } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';
import { type Crop, sampleCrop } from './face-crop.ts';
import { MIRRORED_POINT } from './face-mirror.ts';

export const LANDMARKS = 468;

export interface FaceLandmarks {
  /** 468 times x, y, z in pixels of the picture; z grows away from the camera. */
  points: Float32Array;
  /** Confidence that the crop shows a face: 19 to 28 for frontal faces, below 0 for a profile. */
  logit: number;
  /** Mean movement of the points between the last two passes, as a share of the distance between the eyes. */
  drift: number;
}

export interface FaceLandmarker {
  /**
   * @param picture RGB
   * @param face box of a face detector
   */
  locate(picture: Raster, face: Box): Promise<FaceLandmarks>;
}

const SIDE = 192;
/** Side of the crop, as a multiple of the face's longer side: the context that the model was trained with. */
const CROP = 1.5;
/** Further crops around the face: the model may find a point in one of them that it misses in another. */
const EXTRA_CROPS = [
  { larger: 1.1, roll: (7 * Math.PI) / 180, mirrored: true },
  { larger: 0.93, roll: (-7 * Math.PI) / 180, mirrored: true },
];
const MIN_PASSES = 3;
/** For faces whose points still move between these drifts. Beyond the second, they are not on a frontal face. */
const MAX_PASSES = 6;
const SETTLED = 0.015;
const LOST = 0.06;
const [RIGHT_EYE, LEFT_EYE] = [33, 263];

/** Kinds for `findModel`. */
export const LANDMARK_KINDS = ['landmarks-468'] as const;
/** MediaPipe's name of the output, for manifests that name only the points. */
const LOGIT = 'conv2d_31';

/**
 * Runs models with the contract of MediaPipe's face mesh: RGB / 255 of a square crop, planar; 1404 numbers in pixels of
 * the crop, and a face logit. The model is accurate only on upright faces of the size it was trained on. So there are
 * at least three passes, each on a crop around the points of the one before, rotated so that the eyes are level. The points are
 * the mean of the last pass and two more on crops that are slightly larger or smaller, rotated and mirrored, because
 * mirroring cancels a bias to one side.
 */
export async function createFaceLandmarker(
  model: FoundModel,
  options: SessionOptions,
): Promise<FaceLandmarker> {
  const run = await openImageModel(withLogit(model), options);
  async function pass(picture: Raster, crop: Crop): Promise<{ points: Float32Array; logit: number }> {
    const [points, logit] = await run({ data: sampleCrop(picture, crop, SIDE), dims: [1, 3, SIDE, SIDE] });
    return { points: toPicture(points!.data, crop), logit: logit!.data[0]! };
  }

  return {
    async locate(picture, face) {
      let before = await pass(picture, cropOfBox(face));
      let last = await pass(picture, cropOfPoints(before.points));
      for (let passes = 2; passes < MIN_PASSES || (passes < MAX_PASSES && isConverging()); passes += 1) {
        [before, last] = [last, await pass(picture, cropOfPoints(last.points))];
      }
      function isConverging() {
        const moved = drift(before.points, last.points);
        return moved > SETTLED && moved < LOST;
      }
      const around = cropOfPoints(last.points);
      const results = [last.points];
      for (const { larger, roll, mirrored } of EXTRA_CROPS) {
        const crop = { ...around, side: larger * around.side, roll: around.roll + roll, mirrored };
        results.push((await pass(picture, crop)).points);
      }
      return { points: meanOf(results), logit: last.logit, drift: drift(before.points, last.points) };
    },
  };
}

function withLogit(model: FoundModel): FoundModel {
  const { contract } = model;
  const { kind, names } = contract.output;
  return { ...model, contract: { ...contract, output: { kind, names: [names[0]!, names[1] ?? LOGIT] } } };
}

function cropOfBox([x1, y1, x2, y2]: Box): Crop {
  return { x: (x1 + x2) / 2, y: (y1 + y2) / 2, side: CROP * Math.max(x2 - x1, y2 - y1), roll: 0 };
}

/** Rotation of a face in the picture in radians, from the line of the eyes. Positive is clockwise. */
export function rollOf(points: Float32Array): number {
  return Math.atan2(
    points[3 * LEFT_EYE + 1]! - points[3 * RIGHT_EYE + 1]!,
    points[3 * LEFT_EYE]! - points[3 * RIGHT_EYE]!,
  );
}

function cropOfPoints(points: Float32Array): Crop {
  const roll = rollOf(points);
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    const along = points[i]! * cos + points[i + 1]! * sin;
    const across = points[i + 1]! * cos - points[i]! * sin;
    left = Math.min(left, along);
    right = Math.max(right, along);
    top = Math.min(top, across);
    bottom = Math.max(bottom, across);
  }
  const [along, across] = [(left + right) / 2, (top + bottom) / 2];
  return {
    x: along * cos - across * sin,
    y: along * sin + across * cos,
    side: CROP * Math.max(right - left, bottom - top),
    roll,
  };
}

function toPicture(points: Float32Array, { x, y, side, roll, mirrored = false }: Crop): Float32Array {
  const scale = side / SIDE;
  const [cos, sin] = [Math.cos(roll) * scale, Math.sin(roll) * scale];
  const mapped = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const along = (mirrored ? -1 : 1) * (points[i]! - SIDE / 2);
    const across = points[i + 1]! - SIDE / 2;
    const to = mirrored ? 3 * MIRRORED_POINT[i / 3]! : i;
    mapped[to] = x + along * cos - across * sin;
    mapped[to + 1] = y + along * sin + across * cos;
    mapped[to + 2] = points[i + 2]! * scale;
  }
  return mapped;
}

function meanOf(results: readonly Float32Array[]): Float32Array {
  return results[0]!.map((_, at) => results.reduce((sum, points) => sum + points[at]!, 0) / results.length);
}

function drift(before: Float32Array, after: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < after.length; i += 3) {
    sum += Math.hypot(after[i]! - before[i]!, after[i + 1]! - before[i + 1]!);
  }
  const eyes = Math.hypot(
    after[3 * LEFT_EYE]! - after[3 * RIGHT_EYE]!,
    after[3 * LEFT_EYE + 1]! - after[3 * RIGHT_EYE + 1]!,
  );
  return sum / LANDMARKS / eyes;
}

/** Bounding box of all points: left, top, right, bottom. */
export function boundsOf(points: Float32Array): Box {
  const bounds: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    bounds[0] = Math.min(bounds[0], points[i]!);
    bounds[1] = Math.min(bounds[1], points[i + 1]!);
    bounds[2] = Math.max(bounds[2], points[i]!);
    bounds[3] = Math.max(bounds[3], points[i + 1]!);
  }
  return bounds;
}
