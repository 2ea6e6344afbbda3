import { boundsOf, type FacePoints } from './face-points.ts';

/** What of the photo the video shows, in whole pixels of the photo, and the scale from it to the video. */
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

/** Of the height of the face: a photo that is not higher is shown whole, of others so much. */
const WHOLE = 3.6;
const ROOM = 2.8;
/** Where the middle of the face lies in what is shown, from the top. */
const FACE_AT = 0.42;
/** On the long side: smaller photos are enlarged to it. */
const LEAST_LONG_SIDE_PX = 512;

/**
 * What of the photo is shown, and the size of the video's frames. It has the photo's own shape; where a wide photo shows
 * the person to one side, and what was beside the person is cut away, it is narrower: down to a square, so that the
 * person stands in the middle.
 */
export function frameFace(
  points: FacePoints,
  photo: FrameSize,
  { mostLongSidePx, isCutOut }: { mostLongSidePx: number; isCutOut: boolean },
): { framing: Framing; frame: FrameSize } {
  const [left, top, right, bottom] = boundsOf(points);
  const face = bottom - top;
  const height = photo.heightPx <= WHOLE * face ? photo.heightPx : Math.round(Math.max(ROOM * face, 1));
  const whole = Math.min(photo.widthPx, Math.round((height * photo.widthPx) / photo.heightPx));
  const centred = Math.round(2 * Math.min((left + right) / 2, photo.widthPx - (left + right) / 2));
  const width = isCutOut ? Math.min(whole, Math.max(centred, height)) : whole;
  const longSide = Math.min(mostLongSidePx, Math.max(LEAST_LONG_SIDE_PX, width, height));
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

/** Points of the photo as points of the frame; depths are scaled alike. */
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

/** H.264 halves the resolution of colour. */
function toEven(length: number): number {
  return Math.max(2, 2 * Math.round(length / 2));
}

function inside(start: number, room: number): number {
  return Math.round(Math.min(Math.max(start, 0), room));
}
