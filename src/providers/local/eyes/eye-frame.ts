import { heightOn } from '../curves.ts';
import type { EyeMesh } from '../face/face-mesh.ts';
import { between, direction, distance, type FacePoints, type Point, pointAt } from '../face/face-points.ts';

/** Coordinates of an eye: a point is centre + x along + y down, in pixels of the video's frame. */
export interface EyeFrame {
  centre: Point;
  /** Unit vector from the left to the right corner, and the perpendicular one. */
  along: Point;
  down: Point;
  /** Distance between the corners. */
  width: number;
  /** Heights of both lids and of the lower edge of the brow, at x. */
  upperLid(x: number): number;
  lowerLid(x: number): number;
  brow(x: number): number;
}

export function eyeFrameOf(points: FacePoints, { upperLid, lowerLid, lowerBrow }: EyeMesh): EyeFrame {
  const left = pointAt(points, upperLid[0]!);
  const right = pointAt(points, upperLid.at(-1)!);
  const along = direction(left, right);
  const axes = { centre: between(left, right), along, down: { x: -along.y, y: along.x } };
  const curve = (landmarks: readonly number[]) => {
    const local = landmarks.map((index) => toEye(axes, pointAt(points, index))).sort((a, b) => a.x - b.x);
    return (x: number) => heightOn(local, x);
  };
  return {
    ...axes,
    width: distance(left, right),
    upperLid: curve(upperLid),
    lowerLid: curve(lowerLid),
    brow: curve(lowerBrow),
  };
}

/** How far the eye is open in the photo, as a share of its width. */
export function openness({ upperLid, lowerLid }: EyeFrame): number {
  return lowerLid(0) - upperLid(0);
}

export function toEye(
  { centre, along, down }: Pick<EyeFrame, 'centre' | 'along' | 'down'>,
  point: Point,
): Point {
  const [dx, dy] = [point.x - centre.x, point.y - centre.y];
  return { x: dx * along.x + dy * along.y, y: dx * down.x + dy * down.y };
}

export function fromEye({ centre, along, down }: EyeFrame, x: number, y: number): Point {
  return { x: centre.x + x * along.x + y * down.x, y: centre.y + x * along.y + y * down.y };
}
