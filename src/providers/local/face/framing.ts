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

/** Of the height of the face: room for hair and shoulders. */
const ROOM = 2.4;
/** Where the middle of the face lies in the frame, from the top. */
const FACE_AT = 0.44;

/** A frame of the given shape around the face that shows nothing from outside of the photo. */
export function frameFace(points: FacePoints, photo: FrameSize, frame: FrameSize): Framing {
  const [left, top, right, bottom] = boundsOf(points);
  const aspect = frame.widthPx / frame.heightPx;
  const fitting = Math.min(photo.heightPx, photo.widthPx / aspect);
  const height = Math.floor(Math.min(ROOM * (bottom - top), fitting));
  const width = Math.min(photo.widthPx, Math.round(height * aspect));
  return {
    left: inside((left + right) / 2 - width / 2, photo.widthPx - width),
    top: inside((top + bottom) / 2 - FACE_AT * height, photo.heightPx - height),
    width,
    height,
    scale: frame.heightPx / height,
  };
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

function inside(start: number, room: number): number {
  return Math.round(Math.min(Math.max(start, 0), room));
}
