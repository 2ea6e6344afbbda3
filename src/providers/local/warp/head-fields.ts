import { clamp } from '../../../clamp.ts';
import { smoothstep } from '../curves.ts';
import { MESH } from '../face/face-mesh.ts';
import {
  between,
  direction,
  distance,
  type FacePoints,
  faceHeight,
  type Point,
  pointAt,
} from '../face/face-points.ts';
import { type Field, nodesOf, type WarpGrid } from './warp-grid.ts';

/** Displacement in pixels: one field for x, one for y. */
export interface VectorField {
  x: Field;
  y: Field;
}

/** Displacements by small turns of the head as a relief, per radian, and by a full breath. */
export interface HeadFields {
  yaw: VectorField;
  pitch: VectorField;
  roll: VectorField;
  breath: VectorField;
}

/**
 * Width of the strip along the left, right and upper edge of the frame in which the head slows down to a stop, as a share
 * of the face's height. In a close-up these edges cut through the head, and there is nothing beyond them to move in.
 */
const EDGE = 0.2;

export function headFieldsOf(points: FacePoints, grid: WarpGrid): HeadFields {
  const [forehead, chin] = [pointAt(points, MESH.forehead), pointAt(points, MESH.chin)];
  const [left, right] = [pointAt(points, MESH.leftCheek), pointAt(points, MESH.rightCheek)];
  const height = faceHeight(points);
  const down = direction(forehead, chin);
  const across = { x: down.y, y: -down.x };
  const middle = between(between(left, right), between(forehead, chin));
  const centre = { x: middle.x - 0.1 * height * down.x, y: middle.y - 0.1 * height * down.y };
  const [radiusX, radiusY] = [0.72 * distance(left, right), 0.86 * height];
  const chinDown = (chin.x - centre.x) * down.x + (chin.y - centre.y) * down.y;
  const pivot = { x: chin.x + 0.28 * height * down.x, y: chin.y + 0.28 * height * down.y };

  const frameRight = (grid.columns - 1) * grid.cell;
  const places = nodesOf(grid).map(({ x, y }) => {
    const free = smoothstep(0, EDGE * height, Math.min(x, frameRight - x, y));
    const [dx, dy] = [x - centre.x, y - centre.y];
    const [a, d] = [dx * across.x + dy * across.y, dx * down.x + dy * down.y];
    const r = Math.min(1, Math.hypot(a / radiusX, d / radiusY));
    const belowChin = (d - chinDown) / height;
    return {
      fromPivot: { x: x - pivot.x, y: y - pivot.y },
      relief: free * 0.85 * radiusX * Math.max(0, Math.cos((Math.PI / 2) * r)) ** 1.2,
      /** 1 for the head, fading down the neck and towards the edges. */
      head: free * (1 - smoothstep(0, 0.75, belowChin)),
      shoulders: smoothstep(0.1, 0.9, belowChin),
    };
  });
  type Place = (typeof places)[number];
  const along = (axis: Point, amount: (place: Place) => number): VectorField => ({
    x: Float32Array.from(places, (place) => axis.x * amount(place)),
    y: Float32Array.from(places, (place) => axis.y * amount(place)),
  });
  return {
    yaw: along(across, ({ relief, head }) => relief + 0.35 * radiusX * head),
    pitch: along(down, ({ relief, head }) => 0.9 * relief + 0.25 * radiusX * head),
    roll: {
      x: Float32Array.from(places, ({ fromPivot, head }) => -fromPivot.y * head),
      y: Float32Array.from(places, ({ fromPivot, head }) => fromPivot.x * head),
    },
    breath: along(down, ({ head, shoulders }) => -0.01 * height * clamp(0.35 * head + shoulders, 0, 1)),
  };
}
