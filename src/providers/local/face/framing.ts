import { clamp } from '../../../clamp.ts';
import { MIN_LONG_SIDE_PX } from '../../../contracts/video-format.ts';
import { boundsOf } from '../../../inference/face/face-landmarks.ts';
import type { FacePoints } from './face-points.ts';

/** The part of the photo that the video shows, in whole pixels of the photo, and its scale in the video. */
export interface Framing {
  left: number;
  top: number;
  width: number;
  height: number;
  scale: number;
}

export interface FrameSize {
  widthPx: number;
  heightPx: number;
}

/** In heights of the face. A photo up to the first is shown whole; of a taller one the video shows the second. */
const MAX_WHOLE_HEIGHT = 3.6;
const CROPPED_HEIGHT = 2.8;
/** Vertical position of the middle of the face, as a share from the top. */
const FACE_AT = 0.42;

/**
 * Chooses the part of the photo to show, and the size of the video's frames. The video keeps the photo's aspect ratio.
 * But if a wide photo shows the person off centre and the background is replaced, it is narrower, down to a square, so
 * that the person is in the middle.
 */
export function frameFace(
  points: FacePoints,
  photo: FrameSize,
  { maxLongSidePx, isCutOut }: { maxLongSidePx: number; isCutOut: boolean },
): { framing: Framing; frame: FrameSize } {
  const [left, top, right, bottom] = boundsOf(points);
  const face = bottom - top;
  const height =
    photo.heightPx <= MAX_WHOLE_HEIGHT * face
      ? photo.heightPx
      : Math.round(Math.max(CROPPED_HEIGHT * face, 1));
  const whole = Math.min(photo.widthPx, Math.round((height * photo.widthPx) / photo.heightPx));
  const centred = Math.round(2 * Math.min((left + right) / 2, photo.widthPx - (left + right) / 2));
  const width = isCutOut ? Math.min(whole, Math.max(centred, height)) : whole;
  const longSide = Math.min(maxLongSidePx, Math.max(MIN_LONG_SIDE_PX, width, height));
  const frame = {
    widthPx: toEven((width * longSide) / Math.max(width, height)),
    heightPx: toEven((height * longSide) / Math.max(width, height)),
  };
  const framing = {
    left: inside((left + right) / 2 - width / 2, photo.widthPx - width),
    top: inside((top + bottom) / 2 - FACE_AT * height, photo.heightPx - height),
    width,
    height,
    scale: frame.heightPx / height,
  };
  return { framing, frame };
}

/** Converts points from the photo to the frame. Depths are scaled like widths. */
export function toFrame(
  points: FacePoints,
  { left, top, width, height }: Framing,
  frame: FrameSize,
): FacePoints {
  const [scaleX, scaleY] = [frame.widthPx / width, frame.heightPx / height];
  return points.map((value, i) =>
    i % 3 === 0 ? (value - left) * scaleX : i % 3 === 1 ? (value - top) * scaleY : value * scaleX,
  );
}

/** H.264 has chroma at half the resolution. */
function toEven(length: number): number {
  return Math.max(2, 2 * Math.round(length / 2));
}

function inside(start: number, max: number): number {
  return Math.round(clamp(start, 0, max));
}
