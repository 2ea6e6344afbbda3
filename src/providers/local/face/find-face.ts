import type { FaceRefusal } from '../../../contracts/face-refusals.ts';
import type { Box } from '../../../contracts/schemas/job-outcome.ts';
import type { FaceLandmarks } from '../../../inference/face/face-landmarks.ts';
import { type FaceModels, findClearFace, topOfPerson } from '../../../inference/face/find-clear-face.ts';
import { findUprightFace } from '../../../inference/face/find-upright-face.ts';
import { isDark, measureLight } from '../../../inference/image/even-light.ts';
import { type CropArea, cropRaster, type Raster } from '../../../inference/image/raster.ts';
import { isDrawing } from './is-drawing.ts';
import { toRefusal } from './to-refusal.ts';

/** Minimum share of a face's box on the person. Below, it is another person's face. */
const ON_PERSON = 0.5;

/**
 * Finds the face of the person in the mask. It may be unclear: see `isClear`.
 * @throws PipelineError FACE_NOT_FOUND
 */
export async function findFace(
  models: FaceModels,
  portrait: Raster,
  mask: Uint8Array,
): Promise<FaceLandmarks> {
  const near = topOfPerson(maskBounds(mask, portrait.widthPx), portrait);
  const face = await findClearFace(models, portrait, {
    isWanted: (box) => isOnPerson(box, portrait, mask),
    near,
  });
  if (!face) {
    throw toRefusal(near ? await whyNone(models, portrait, mask, near) : { reason: 'none' });
  }
  return face;
}

async function whyNone(
  models: FaceModels,
  portrait: Raster,
  mask: Uint8Array,
  top: CropArea,
): Promise<FaceRefusal> {
  const person = cropRaster(portrait, top);
  const lying = await findUprightFace(models, person, { near: undefined, mayTurn: true });
  if (lying?.turn) {
    return { reason: 'sideways', degrees: lying.turn === 180 ? 180 : 90 };
  }
  return { reason: isDark(measureLight(person)) ? 'dark' : isDrawing(portrait, mask) ? 'drawing' : 'none' };
}

function isOnPerson([x1, y1, x2, y2]: Box, { widthPx, heightPx }: Raster, mask: Uint8Array): boolean {
  let sum = 0;
  let count = 0;
  for (let y = Math.max(0, Math.floor(y1)); y < Math.min(heightPx, y2); y += 1) {
    for (let x = Math.max(0, Math.floor(x1)); x < Math.min(widthPx, x2); x += 1) {
      sum += mask[y * widthPx + x]!;
      count += 255;
    }
  }
  return count > 0 && sum / count > ON_PERSON;
}

function maskBounds(mask: Uint8Array, widthPx: number): Box {
  const bounds: Box = [widthPx, mask.length / widthPx, 0, 0];
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i]! > 127) {
      const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x + 1);
      bounds[3] = Math.max(bounds[3], y + 1);
    }
  }
  return bounds;
}
