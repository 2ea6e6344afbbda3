import { mix } from './scalar.ts';

/** Seeded numbers in 0..1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function lattice(x: number, y: number, z: number): number {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(z, 1274126177);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

const ease = (t: number): number => t * t * (3 - 2 * t);

/** Smooth noise in 0..1 with features of size 1. */
export function noise(x: number, y: number, z: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const iz = Math.floor(z);
  const u = ease(x - ix);
  const v = ease(y - iy);
  const layer = (k: number): number =>
    mix(
      mix(lattice(ix, iy, k), lattice(ix + 1, iy, k), u),
      mix(lattice(ix, iy + 1, k), lattice(ix + 1, iy + 1, k), u),
      v,
    );
  return mix(layer(iz), layer(iz + 1), ease(z - iz));
}

/** Three octaves of noise, about 0..1. */
export const cloud = (x: number, y: number, z: number): number =>
  (4 * noise(x, y, z) + 2 * noise(2 * x + 7, 2 * y, 2 * z) + noise(4 * x, 4 * y + 5, 4 * z)) / 7;
