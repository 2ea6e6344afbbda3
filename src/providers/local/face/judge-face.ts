import { type FaceLandmarks, rollOf } from '../../../inference/face/face-landmarks.ts';
import { FACE_LOGIT, isClear } from '../../../inference/face/find-clear-face.ts';
import type { MouthCover } from '../../../inference/face/mouth-cover.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import { gapRatio, mouthFrameOf } from '../mouth/mouth-frame.ts';
import { faceHeight, faceYaw } from './face-points.ts';
import { toRefusal } from './to-refusal.ts';

/** From hairline to chin. */
const MIN_HEIGHT_PX = 45;
const SMALL_HEIGHT_PX = 110;
const MAX_YAW_DEGREES = 28;
const TURNED_DEGREES = 18;
/** Heads that are bent to the side further lie. */
const MAX_ROLL_DEGREES = 60;
/** Ratio of the halves of the mouth: the far half of a turned face is shorter. */
const MAX_LOPSIDED = 2.5;
const MAX_OUTSIDE = 0.05;
/** Gap between the lips, as a share of the mouth's width. A grin has .26; a wide open mouth cannot be closed. */
const MAX_GAP = 0.35;

/**
 * Checks whether a face can be animated.
 *
 * @param scale how many times larger the photo is that would be animated
 * @returns warnings for the user
 * @throws PipelineError FACE_UNSUITABLE that says what was found and what to change
 */
export function judgeFace(face: FaceLandmarks, cover: MouthCover, portrait: Raster, scale = 1): string[] {
  const heightPx = Math.round(faceHeight(face.points) * scale);
  const yaw = toDegrees(faceYaw(face.points));
  const roll = Math.abs(toDegrees(rollOf(face.points)));
  const mouth = mouthFrameOf(face.points);
  const { leftWidth, rightWidth } = mouth;
  const lopsided = Math.max(leftWidth / rightWidth, rightWidth / leftWidth);
  const outside = outsideShare(face.points, portrait);
  const turned = {
    reason: 'turned',
    to: yaw > 0 ? 'right' : 'left',
    degrees: Math.abs(yaw),
    max_degrees: MAX_YAW_DEGREES,
  } as const;

  if (heightPx < MIN_HEIGHT_PX) {
    throw toRefusal({ reason: 'too_small', height_px: heightPx, min_height_px: MIN_HEIGHT_PX });
  }
  if (outside > MAX_OUTSIDE) {
    throw toRefusal({ reason: 'cut_off', outside_percent: Math.round(100 * outside) });
  }
  if (roll > MAX_ROLL_DEGREES) {
    throw toRefusal({ reason: 'sideways', degrees: roll, max_degrees: MAX_ROLL_DEGREES });
  }
  if (Math.abs(yaw) > MAX_YAW_DEGREES || !(lopsided > 0 && lopsided < MAX_LOPSIDED)) {
    throw toRefusal(turned);
  }
  refuseCover(face, cover);
  if (!isClear(face)) {
    // The angle of a profile is underestimated.
    throw toRefusal(Math.abs(yaw) > TURNED_DEGREES ? turned : { reason: 'unclear' });
  }
  if (gapRatio(mouth) > MAX_GAP) {
    throw toRefusal({ reason: 'mouth_open' });
  }
  return [
    ...(heightPx < SMALL_HEIGHT_PX
      ? [
          `The face is small (${heightPx} pixels from hairline to chin): the video will be soft. Use a larger photo.`,
        ]
      : []),
    ...(Math.abs(yaw) > TURNED_DEGREES
      ? [
          `The face is turned about ${Math.abs(yaw)} degrees to the side: the mouth moves less. A photo from the front looks better.`,
        ]
      : []),
  ];
}

/**
 * Whatever is in front of the mouth or the chin would move with them. What the landmarks are not sure to be a face has no
 * mouth.
 * @throws PipelineError FACE_UNSUITABLE
 */
export function refuseCover({ logit }: FaceLandmarks, { by }: MouthCover): void {
  if (by !== 'nothing' && logit >= FACE_LOGIT) {
    throw toRefusal({ reason: 'covered', by });
  }
}

function toDegrees(radians: number): number {
  return Math.round((radians * 180) / Math.PI);
}

function outsideShare(points: Float32Array, { widthPx, heightPx }: Raster): number {
  let outside = 0;
  for (let i = 0; i < points.length; i += 3) {
    const [x, y] = [points[i]!, points[i + 1]!];
    outside += x < 0 || y < 0 || x >= widthPx || y >= heightPx ? 1 : 0;
  }
  return outside / (points.length / 3);
}
