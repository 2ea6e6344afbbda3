import sharp from 'sharp';
import type { Box } from '../../../contracts/schemas/job-outcome.ts';
import type { PipelineError } from '../../../errors.ts';
import type { ScoredBox } from '../../../inference/detect/boxes.ts';
import type { FaceDetector } from '../../../inference/face/face-detector.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import { toRefusal } from './face-finding.ts';
import { isDrawing } from './is-drawing.ts';

/** Minimum share of a face's box on the person. Below, it is another person's face. */
const ON_PERSON = 0.5;

/**
 * Finds the face of the person in the mask, the largest if there are several.
 * @throws PipelineError FACE_NOT_FOUND
 */
export async function findFace(
  detector: FaceDetector,
  portrait: Raster,
  mask: Uint8Array,
): Promise<ScoredBox> {
  const inWhole = onPerson(await detector.detect(portrait), portrait, mask);
  // The detector's input is 320 pixels wide, so a small face is found only in a crop around the person.
  const faces =
    inWhole.length > 0 ? inWhole : onPerson(await detectNear(detector, portrait, mask), portrait, mask);
  const face = faces.sort((a, b) => height(b.box) - height(a.box))[0];
  if (!face) {
    throw notFound(portrait, mask);
  }
  return face;
}

/** The refusal of a photo without a face, with a reason why there may be none. */
export function notFound(portrait: Raster, mask: Uint8Array): PipelineError {
  return toRefusal({ kind: isDrawing(portrait, mask) ? 'drawing' : 'none' });
}

function onPerson(faces: ScoredBox[], { widthPx, heightPx }: Raster, mask: Uint8Array): ScoredBox[] {
  return faces.filter(({ box: [x1, y1, x2, y2] }) => {
    let sum = 0;
    let count = 0;
    for (let y = Math.max(0, Math.floor(y1)); y < Math.min(heightPx, y2); y += 1) {
      for (let x = Math.max(0, Math.floor(x1)); x < Math.min(widthPx, x2); x += 1) {
        sum += mask[y * widthPx + x]!;
        count += 255;
      }
    }
    return count > 0 && sum / count > ON_PERSON;
  });
}

/** Searches only the top of the person, a square as wide as the person. */
async function detectNear(detector: FaceDetector, picture: Raster, mask: Uint8Array): Promise<ScoredBox[]> {
  const { widthPx, heightPx } = picture;
  const [left, top, right, bottom] = maskBounds(mask, widthPx);
  const width = right - left;
  const part = { left, top, width, height: Math.min(bottom - top, width) };
  if (width < 1 || part.height < 1) {
    return [];
  }
  const bytes = await sharp(picture.bytes, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .extract(part)
    .raw()
    .toBuffer();
  const faces = await detector.detect({ widthPx: part.width, heightPx: part.height, bytes, channels: 3 });
  return faces.map(({ score, box: [x1, y1, x2, y2] }) => ({
    score,
    box: [x1 + left, y1 + top, x2 + left, y2 + top],
  }));
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

function height([, y1, , y2]: Box): number {
  return y2 - y1;
}
