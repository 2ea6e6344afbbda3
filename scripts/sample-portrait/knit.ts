import { noise } from './noise.ts';
import type { Paint } from './skin.ts';
import { collarBand } from './sweater-shape.ts';
import type { Vec3 } from './vec3.ts';
import { scale } from './vec3.ts';

const WOOL: Vec3 = [0.52, 0.255, 0.06];
const STITCH_WIDTH = 0.5;
const STITCH_HEIGHT = 0.42;

/** Height of the yarn, 0 to 1: columns of V-shaped stitches, ribs at the collar. */
function yarn(x: number, y: number, z: number): number {
  const collar = collarBand(x, y, z);
  if (collar.on) {
    return 0.5 + 0.5 * Math.cos(collar.angle * 62);
  }
  const column = x / STITCH_WIDTH;
  const off = Math.abs(column - Math.floor(column) - 0.5) * 2;
  const row = y / STITCH_HEIGHT - off * 0.75;
  const along = row - Math.floor(row) - 0.5;
  return Math.sqrt(Math.max(0, 1 - 3.6 * along * along)) * (0.55 + 0.45 * Math.sin(Math.PI * off));
}

/** How far the yarn tilts the surface, to be added to its normal. */
export function knitTilt([x, y, z]: Vec3): Vec3 {
  const e = 0.05;
  const here = yarn(x, y, z);
  return [0.4 * (here - yarn(x + e, y, z)), 0.4 * (here - yarn(x, y + e, z)), 0];
}

export function paintKnit([x, y, z]: Vec3): Paint {
  const fuzz = 0.9 + 0.2 * noise(x * 9, y * 9, z * 9);
  return { albedo: scale(WOOL, fuzz * (0.62 + 0.38 * yarn(x, y, z))), roughness: 0.9, gloss: 0.15 };
}
