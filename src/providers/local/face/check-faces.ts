import type { FaceRefusal } from '../../../contracts/face-refusals.ts';
import type { Box } from '../../../contracts/schemas/job-outcome.ts';
import type { FaceCheck } from '../../../contracts/schemas/photo-preview.ts';
import { isFailure, type PipelineError } from '../../../errors.ts';
import { boundsOf } from '../../../inference/face/face-landmarks.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import type { FacesRequest } from '../../../ports/video-provider.ts';
import { readPhoto } from '../picture/read-picture.ts';
import { type FaceModels, findWithCover } from './examine-face.ts';
import { judgeFace } from './judge-face.ts';

/** Checks the face of each person by their boxes alone, before anybody is cut out. */
export async function checkFaces(
  models: FaceModels,
  { photoPath, people, scale }: FacesRequest,
): Promise<FaceCheck[]> {
  const photo = await readPhoto(photoPath);
  const checks: FaceCheck[] = [];
  for (const person of people) {
    const others = people.filter((other) => other !== person);
    checks.push(await checkFace(models, photo, maskOf(person, others, photo), scale));
  }
  return checks;
}

async function checkFace(
  models: FaceModels,
  photo: Raster,
  mask: Uint8Array,
  scale: number,
): Promise<FaceCheck> {
  let box: Box | undefined;
  try {
    const { face, cover } = await findWithCover(models, photo, mask);
    box = boundsOf(face.points);
    return { box, warnings: judgeFace(face, cover, photo, scale) };
  } catch (error) {
    if (!isFailure(error, 'FACE_NOT_FOUND') && !isFailure(error, 'FACE_UNSUITABLE')) {
      throw error;
    }
    const refusal = (error as PipelineError).details as FaceRefusal;
    return { ...(box && { box }), refusal, warnings: [] };
  }
}

/** The person's box, less what is closer to the middle of another one. */
function maskOf(person: Box, others: readonly Box[], { widthPx, heightPx }: Raster): Uint8Array {
  const mask = new Uint8Array(widthPx * heightPx);
  const [left, top, right, bottom] = person;
  for (let x = Math.max(0, Math.floor(left)); x < Math.min(widthPx, right); x += 1) {
    const own = offCentre(x, person);
    const rivals = others.filter((other) => offCentre(x, other) < own);
    for (let y = Math.max(0, Math.floor(top)); y < Math.min(heightPx, bottom); y += 1) {
      if (!rivals.some(([, from, , to]) => y >= from && y < to)) {
        mask[y * widthPx + x] = 255;
      }
    }
  }
  return mask;
}

/** Distance from the middle of a box, as a share of its width. */
function offCentre(x: number, [left, , right]: Box): number {
  return Math.abs(x + 0.5 - (left + right) / 2) / (right - left);
}
