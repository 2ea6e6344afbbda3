import type { Raster } from '../image/raster.ts';

/** A square of the picture, rolled by `roll` radians about its centre. */
export interface Crop {
  x: number;
  y: number;
  side: number;
  roll: number;
  mirrored?: boolean;
}

/**
 * Samples the crop as `sidePx` x `sidePx` pixels, planar RGB from 0 to 1. Bilinear, with one tap per source pixel: a
 * single tap would skip pixels and alias. Outside the picture is black.
 */
export function sampleCrop(
  picture: Raster,
  { x, y, side, roll, mirrored = false }: Crop,
  sidePx: number,
): Float32Array {
  const plane = sidePx * sidePx;
  const input = new Float32Array(3 * plane);
  const taps = Math.max(1, Math.ceil(side / sidePx));
  const step = side / sidePx / taps;
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
  const direction = mirrored ? -1 : 1;
  const weight = 1 / (255 * taps * taps);
  for (let pixel = 0; pixel < plane; pixel += 1) {
    const row = Math.floor(pixel / sidePx);
    const column = pixel % sidePx;
    for (let tap = 0; tap < taps * taps; tap += 1) {
      const across = (row * taps + Math.floor(tap / taps) + 0.5) * step - side / 2;
      const along = direction * ((column * taps + (tap % taps) + 0.5) * step - side / 2);
      const sourceX = x + along * cos - across * sin - 0.5;
      const sourceY = y + along * sin + across * cos - 0.5;
      addSample(input, pixel, plane, picture, sourceX, sourceY, weight);
    }
  }
  return input;
}

/** Adds a sample of all channels to the planes. Outside the picture is black. */
function addSample(
  input: Float32Array,
  pixel: number,
  plane: number,
  { bytes, widthPx, heightPx }: Raster,
  x: number,
  y: number,
  weight: number,
): void {
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < 0 || top < 0 || left >= widthPx - 1 || top >= heightPx - 1) {
    return;
  }
  const fx = x - left;
  const fy = y - top;
  const upper = 3 * (top * widthPx + left);
  const lower = upper + 3 * widthPx;
  for (let channel = 0; channel < 3; channel += 1) {
    const above = bytes[upper + channel]! * (1 - fx) + bytes[upper + 3 + channel]! * fx;
    const below = bytes[lower + channel]! * (1 - fx) + bytes[lower + 3 + channel]! * fx;
    input[channel * plane + pixel]! += weight * (above + (below - above) * fy);
  }
}
