import { COVER_KINDS, type CoverKind } from '../../contracts/face-refusals.ts';
import type { FoundModel } from '../../models/find-model.ts';
import type { Raster } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';
import { type Crop, sampleCrop } from './face-crop.ts';
import { rollOf } from './face-landmarks.ts';

/** What is in front of the mouth or the chin. */
export interface MouthCover {
  by: 'nothing' | CoverKind | 'unknown';
  /** 0 to 1: how sure the model is that there is something. */
  score: number;
}

export interface MouthCoverModel {
  /**
   * @param picture RGB
   * @param points 468 landmarks of the face, x, y and z in pixels of the picture
   */
  look(picture: Raster, points: Float32Array): Promise<MouthCover>;
}

const SIDE = 96;
/** The exported scores are shifted so that this is the threshold that was chosen on photos. */
const COVERED = 0.5;
/** Least share of one kind among all covers to be named. */
const NAMED = 0.8;
const [LEFT_EYE, RIGHT_EYE, NOSE_BASE, CHIN] = [33, 263, 2, 152];

/** Kinds for `findModel`. */
export const MOUTH_COVER_KINDS = ['mouth-cover'] as const;

/**
 * Runs models whose input is a square crop around the mouth, RGB / 255, planar, and whose outputs are the probabilities
 * of nothing, mask, hand and object.
 */
export async function createMouthCoverModel(
  model: FoundModel,
  options: SessionOptions,
): Promise<MouthCoverModel> {
  const run = await openImageModel(model, options);

  return {
    async look(picture, points) {
      const input = { data: sampleCrop(picture, mouthCrop(points), SIDE), dims: [1, 3, SIDE, SIDE] };
      const [nothing, ...kinds] = (await run(input))[0]!.data;
      const score = 1 - nothing!;
      if (score < COVERED) {
        return { by: 'nothing', score };
      }
      const likeliest = Math.max(...kinds);
      return { by: likeliest >= NAMED * score ? COVER_KINDS[kinds.indexOf(likeliest)]! : 'unknown', score };
    },
  };
}

/** Between the base of the nose and the chin, wide enough for both cheeks, with level eyes. */
function mouthCrop(points: Float32Array): Crop {
  const at = (index: number) => ({ x: points[3 * index]!, y: points[3 * index + 1]! });
  const [left, right, nose, chin] = [at(LEFT_EYE), at(RIGHT_EYE), at(NOSE_BASE), at(CHIN)];
  const eyes = Math.hypot(right.x - left.x, right.y - left.y);
  return {
    x: (nose.x + chin.x) / 2,
    y: (nose.y + chin.y) / 2,
    side: 0.75 * (eyes + 1.35 * Math.hypot(chin.x - nose.x, chin.y - nose.y)),
    roll: rollOf(points),
  };
}
