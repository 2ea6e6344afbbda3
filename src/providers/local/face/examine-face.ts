import { isFailure } from '../../../errors.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import type { PortraitFiles } from '../../../ports/video-provider.ts';
import { readPhoto, readWholeMask } from '../picture/read-picture.ts';
import type { TalkModels } from '../talk-models.ts';
import type { FacePoints } from './face-points.ts';
import { findFace } from './find-face.ts';
import { judgeFace, refuseCover } from './judge-face.ts';

export type FaceModels = Pick<TalkModels, 'detector' | 'landmarker' | 'mouthCover'>;

/** Boxes from this score are looked at for a cover if no face is found: the detector is less sure of half a face. */
const HALF_FACE_SCORE = 0.3;

/**
 * Finds the face of the person in the mask, and checks whether it can be animated.
 * @throws PipelineError FACE_NOT_FOUND, FACE_UNSUITABLE
 */
export async function examineFace(
  models: FaceModels,
  portrait: Raster,
  mask: Uint8Array,
): Promise<{ points: FacePoints; warnings: string[] }> {
  const { face, cover } = await findWithCover(models, portrait, mask);
  return { points: face.points, warnings: judgeFace(face, cover, portrait) };
}

/**
 * For providers that decide themselves which faces they animate, but draw a mouth on top of a mask.
 * @throws PipelineError FACE_UNSUITABLE
 */
export async function refuseCoveredMouth(
  models: FaceModels,
  { portraitPath, maskPath }: PortraitFiles,
): Promise<void> {
  const portrait = await readPhoto(portraitPath);
  try {
    const { face, cover } = await findWithCover(models, portrait, await readWholeMask(maskPath));
    refuseCover(face, cover);
  } catch (error) {
    // The provider may find a face that we do not.
    if (!isFailure(error, 'FACE_NOT_FOUND')) {
      throw error;
    }
  }
}

/** @throws PipelineError FACE_NOT_FOUND, or FACE_UNSUITABLE if the cover is what hides the face */
export async function findWithCover(models: FaceModels, portrait: Raster, mask: Uint8Array) {
  try {
    const face = await findFace(models, portrait, mask);
    return { face, cover: await models.mouthCover.look(portrait, face.points) };
  } catch (error) {
    if (isFailure(error, 'FACE_NOT_FOUND')) {
      await refuseHalfFace(models, portrait);
    }
    throw error;
  }
}

/** A mask can hide so much that no face is found. Then the mask is what to report. */
async function refuseHalfFace(
  { detector, landmarker, mouthCover }: FaceModels,
  portrait: Raster,
): Promise<void> {
  for (const { box } of await detector.detect(portrait, HALF_FACE_SCORE)) {
    const face = await landmarker.locate(portrait, box);
    refuseCover(face, await mouthCover.look(portrait, face.points));
  }
}
