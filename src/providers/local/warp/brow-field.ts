import { gauss, smoothstep } from '../curves.ts';
import { EYES, type EyeMesh } from '../face/face-mesh.ts';
import {
  direction,
  distance,
  eyeDistance,
  type FacePoints,
  type Point,
  pointAt,
} from '../face/face-points.ts';
import type { VectorField } from './head-fields.ts';
import { nodesOf, type WarpGrid } from './warp-grid.ts';

/**
 * Displacement for raised brows, in pixels at full effect. The skin below stretches down to the lid, the forehead above
 * is compressed.
 */
export function browFieldOf(points: FacePoints, grid: WarpGrid): VectorField {
  const up = 0.05 * eyeDistance(points);
  const brows = EYES.map((eye) => browOf(points, eye));
  const lifts = nodesOf(grid).map((node) => -up * Math.max(0, ...brows.map((brow) => liftBy(brow, node))));
  const { down } = brows[0]!;
  return {
    x: Float32Array.from(lifts, (lift) => down.x * lift),
    y: Float32Array.from(lifts, (lift) => down.y * lift),
  };
}

interface Brow {
  middle: Point;
  across: Point;
  down: Point;
  halfLength: number;
  /** Distance from the brow down to the lid. */
  toLid: number;
}

function browOf(points: FacePoints, eye: EyeMesh): Brow {
  const brow = [...eye.lowerBrow, ...eye.upperBrow].map((index) => pointAt(points, index));
  const middle = mean(brow);
  const lid = mean(eye.upperLid.map((index) => pointAt(points, index)));
  const across = direction(
    pointAt(points, EYES[0]!.upperLid[0]!),
    pointAt(points, EYES[1]!.upperLid.at(-1)!),
  );
  const down = { x: -across.y, y: across.x };
  const [outer, inner] = [brow[0]!, brow[eye.lowerBrow.length - 1]!];
  const toLid = (lid.x - middle.x) * down.x + (lid.y - middle.y) * down.y;
  return { middle, across, down, halfLength: distance(outer, inner) / 2, toLid };
}

function liftBy({ middle, across, down, halfLength, toLid }: Brow, { x, y }: Point): number {
  const [dx, dy] = [x - middle.x, y - middle.y];
  const along = (dx * across.x + dy * across.y) / (1.5 * halfLength);
  const below = (dx * down.x + dy * down.y) / toLid;
  const vertical = below > 0 ? 1 - smoothstep(0.15, 0.95, below) : gauss(below / 2.4);
  return Math.exp(-1.2 * along * along) * vertical;
}

function mean(points: Point[]): Point {
  return {
    x: points.reduce((sum, point) => sum + point.x, 0) / points.length,
    y: points.reduce((sum, point) => sum + point.y, 0) / points.length,
  };
}
