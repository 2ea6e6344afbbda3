import { PipelineError } from '../../../errors.ts';
import type { FaceLandmarks } from '../../../inference/face/face-landmarks.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import { gapRatio, mouthFrameOf } from '../mouth/mouth-frame.ts';
import { faceHeight, faceYaw } from './face-points.ts';

/** Pixels from hairline to chin. */
const LEAST_HEIGHT = 70;
const SMALL_HEIGHT = 110;
const LEAST_LOGIT = 10;
/** Of the distance of the eyes: landmarks that do not come to rest have found no face they know. */
const MOST_DRIFT = 0.02;
const MOST_YAW_DEGREES = 28;
const TURNED_DEGREES = 18;
/** One half of the mouth over the other: the far half of a turned face is shorter. */
const MOST_LOPSIDED = 2;
const MOST_OUTSIDE = 0.05;
/** Between the lips, of the mouth's width: a grin has .26; a shouting mouth has no line to close. */
const MOST_GAP = 0.35;

/**
 * Whether a face can be made to speak.
 * @returns what the person may want to know, in words
 * @throws PipelineError FACE_UNSUITABLE saying what was found and what to change
 */
export function judgeFace(face: FaceLandmarks, portrait: Raster): string[] {
  const heightPx = Math.round(faceHeight(face.points));
  const degrees = Math.round(Math.abs(faceYaw(face.points)) * (180 / Math.PI));
  const mouth = mouthFrameOf(face.points);
  const { leftWidth, rightWidth } = mouth;
  const lopsided = Math.max(leftWidth / rightWidth, rightWidth / leftWidth);
  const outside = outsideShare(face.points, portrait);

  if (heightPx < LEAST_HEIGHT) {
    refuse(
      `Expected a face of ${LEAST_HEIGHT} pixels or more from hairline to chin and found one of ${heightPx}.`,
      'Use a larger photo, or one taken from nearer.',
      { heightPx },
    );
  }
  if (outside > MOST_OUTSIDE) {
    refuse(
      `Expected a whole face and found one of which ${Math.round(100 * outside)} % lie outside of the photo.`,
      'Use a photo that shows the whole face.',
      { outside },
    );
  }
  if (degrees > MOST_YAW_DEGREES || !(lopsided > 0 && lopsided < MOST_LOPSIDED)) {
    refuse(
      `Expected a face that looks at the camera and found one turned about ${degrees} degrees to the side.`,
      'Use a photo from the front.',
      { degrees },
    );
  }
  if (face.logit < LEAST_LOGIT || face.drift > MOST_DRIFT) {
    refuse(
      'Expected a face whose eyes, nose and mouth are plain to see and found one that is turned away or covered.',
      'Use an upright photo from the front with nothing before the face.',
      { logit: face.logit, drift: face.drift },
    );
  }
  if (gapRatio(mouth) > MOST_GAP) {
    refuse(
      'Expected a mouth that is closed or smiles and found one that is wide open.',
      'Use a photo with the mouth closed.',
      { gap: gapRatio(mouth) },
    );
  }
  return [
    ...(heightPx < SMALL_HEIGHT
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
