import { PipelineError } from '../../../errors.ts';
import type { FaceLandmarks } from '../../../inference/face/face-landmarks.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import { gapRatio, mouthFrameOf } from '../mouth/mouth-frame.ts';
import { faceHeight, faceYaw } from './face-points.ts';

/** From hairline to chin. */
const MIN_HEIGHT_PX = 70;
const SMALL_HEIGHT_PX = 110;
const MIN_LOGIT = 10;
/** As a share of the distance between the eyes: landmarks that do not converge are not on a frontal face. */
const MAX_DRIFT = 0.02;
const MAX_YAW_DEGREES = 28;
const TURNED_DEGREES = 18;
/** Ratio of the halves of the mouth: the far half of a turned face is shorter. */
const MAX_LOPSIDED = 2;
const MAX_OUTSIDE = 0.05;
/** Gap between the lips, as a share of the mouth's width. A grin has .26; a wide open mouth cannot be closed. */
const MAX_GAP = 0.35;

/**
 * Checks whether a face can be animated.
 * @returns warnings for the user
 * @throws PipelineError FACE_UNSUITABLE that says what was found and what to change
 */
export function judgeFace(face: FaceLandmarks, portrait: Raster): string[] {
  const heightPx = Math.round(faceHeight(face.points));
  const degrees = Math.round(Math.abs(faceYaw(face.points)) * (180 / Math.PI));
  const mouth = mouthFrameOf(face.points);
  const { leftWidth, rightWidth } = mouth;
  const lopsided = Math.max(leftWidth / rightWidth, rightWidth / leftWidth);
  const outside = outsideShare(face.points, portrait);

  if (heightPx < MIN_HEIGHT_PX) {
    refuse(
      `Expected a face of at least ${MIN_HEIGHT_PX} pixels from hairline to chin, but found one of ${heightPx}.`,
      'Use a larger photo, or one taken from closer.',
      { heightPx },
    );
  }
  if (outside > MAX_OUTSIDE) {
    refuse(
      `Expected a whole face, but ${Math.round(100 * outside)} % of it is outside the photo.`,
      'Use a photo that shows the whole face.',
      { outside },
    );
  }
  if (degrees > MAX_YAW_DEGREES || !(lopsided > 0 && lopsided < MAX_LOPSIDED)) {
    refuse(
      `Expected a face that looks at the camera, but found one turned about ${degrees} degrees to the side.`,
      'Use a photo from the front.',
      { degrees },
    );
  }
  if (face.logit < MIN_LOGIT || face.drift > MAX_DRIFT) {
    refuse(
      'Expected a face with clearly visible eyes, nose and mouth, but found one that is turned away or covered.',
      'Use an upright photo from the front with nothing in front of the face.',
      { logit: face.logit, drift: face.drift },
    );
  }
  if (gapRatio(mouth) > MAX_GAP) {
    refuse(
      'Expected a closed or smiling mouth, but found one that is wide open.',
      'Use a photo with the mouth closed.',
      { gap: gapRatio(mouth) },
    );
  }
  return [
    ...(heightPx < SMALL_HEIGHT_PX
      ? [
          `The face is small (${heightPx} pixels from hairline to chin): the video will be soft. Use a larger photo.`,
        ]
      : []),
    ...(degrees > TURNED_DEGREES
      ? [
          `The face is turned about ${degrees} degrees to the side: the mouth moves less. A photo from the front looks better.`,
        ]
      : []),
  ];
}

function refuse(found: string, change: string, details: Record<string, number>): never {
  throw new PipelineError('FACE_UNSUITABLE', `${found} ${change}`, { details });
}

function outsideShare(points: Float32Array, { widthPx, heightPx }: Raster): number {
  let outside = 0;
  for (let i = 0; i < points.length; i += 3) {
    const [x, y] = [points[i]!, points[i + 1]!];
    outside += x < 0 || y < 0 || x >= widthPx || y >= heightPx ? 1 : 0;
  }
  return outside / (points.length / 3);
}
