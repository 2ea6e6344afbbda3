import { mix } from './scalar.ts';
import type { Vec3 } from './vec3.ts';

const CELL_CM = 0.55;
const HALF_WIDTH = 16;
const BOTTOM = -24;
const TOP = 16;
const BACK = -16;
const FRONT = 10;
const STRIDE_CM = 0.7;
const FARTHEST_CM = 14;
const NX = Math.ceil((2 * HALF_WIDTH) / CELL_CM);
const NY = Math.ceil((TOP - BOTTOM) / CELL_CM);
const NZ = Math.ceil((FRONT - BACK) / CELL_CM);

/** How much hair lies where, so that hair shades itself and the face. */
export interface HairDensity {
  /** 1 in the open, towards 0 under thick hair. */
  lightThrough(point: Vec3, direction: Vec3): number;
}

/** @param strands points as x, y, z after each other */
export function measureHair(
  strands: Iterable<{ points: Float32Array }>,
  lengthPerDarkness: number,
): HairDensity {
  const cells = new Float32Array(NX * NY * NZ);
  const cellAt = (x: number, y: number, z: number): number => {
    const ix = Math.floor((x + HALF_WIDTH) / CELL_CM);
    const iy = Math.floor((y - BOTTOM) / CELL_CM);
    const iz = Math.floor((z - BACK) / CELL_CM);
    return ix < 0 || iy < 0 || iz < 0 || ix >= NX || iy >= NY || iz >= NZ ? -1 : (iz * NY + iy) * NX + ix;
  };
  for (const { points } of strands) {
    for (let i = 3; i < points.length; i += 3) {
      const cell = cellAt(points[i]!, points[i + 1]!, points[i + 2]!);
      const length = Math.hypot(
        points[i]! - points[i - 3]!,
        points[i + 1]! - points[i - 2]!,
        points[i + 2]! - points[i - 1]!,
      );
      if (cell >= 0) {
        cells[cell] = cells[cell]! + length;
      }
    }
  }
  const soft = soften(soften(cells));
  return {
    lightThrough([x, y, z], [dx, dy, dz]) {
      let passed = 0;
      for (let t = 0.7; t < FARTHEST_CM; t += STRIDE_CM) {
        passed += densityAt(soft, x + dx * t, y + dy * t, z + dz * t) * (STRIDE_CM / CELL_CM);
      }
      return Math.exp(-passed / lengthPerDarkness);
    },
  };
}

/** Between the middles of cells. */
function densityAt(cells: Float32Array, x: number, y: number, z: number): number {
  const u = (x + HALF_WIDTH) / CELL_CM - 0.5;
  const v = (y - BOTTOM) / CELL_CM - 0.5;
  const w = (z - BACK) / CELL_CM - 0.5;
  const ix = Math.floor(u);
  const iy = Math.floor(v);
  const iz = Math.floor(w);
  if (ix < 0 || iy < 0 || iz < 0 || ix >= NX - 1 || iy >= NY - 1 || iz >= NZ - 1) {
    return 0;
  }
  const at = (iz * NY + iy) * NX + ix;
  const row = (i: number): number => mix(cells[i]!, cells[i + 1]!, u - ix);
  const layer = (i: number): number => mix(row(i), row(i + NX), v - iy);
  return mix(layer(at), layer(at + NX * NY), w - iz);
}

/** Averages neighbours in all three directions: single locks would cast stripes. */
function soften(cells: Float32Array): Float32Array {
  return [1, NX, NX * NY].reduce(
    (from, step) =>
      from.map((value, i) => 0.5 * value + 0.25 * ((from[i - step] ?? 0) + (from[i + step] ?? 0))),
    cells,
  );
}
