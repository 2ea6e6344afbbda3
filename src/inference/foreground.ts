import { GRID_PIXELS, GRID_PX } from './mask-grid.ts';

/** Colours of the person and of what is behind, without each other, on the grid; interleaved, 0 to 255. */
export interface LocalColours {
  person: Float32Array;
  background: Float32Array;
}

/** Radii of the two passes: a far one that reaches every pixel, a near one that keeps colours local. */
const FAR_PX = 24;
const NEAR_PX = 2;

/**
 * Approximate Fast Foreground Colour Estimation (Forte 2021): averages of the person's colours weighted by alpha and of
 * the background's weighted by its rest, from far and then from near. `toForeground` brings back the detail of a pixel.
 */
export function estimateColours(rgb: Uint8Array, alpha: Uint8Array): LocalColours {
  const seen = Float32Array.from(rgb);
  const far = {
    person: weightedMean(seen, alpha, false, FAR_PX),
    background: weightedMean(seen, alpha, true, FAR_PX),
  };
  const detailed = new Float32Array(3 * GRID_PIXELS);
  for (let at = 0; at < detailed.length; at += 1) {
    const opacity = alpha[Math.floor(at / 3)]! / 255;
    detailed[at] = toForeground(seen[at]!, opacity, far.person[at]!, far.background[at]!);
  }
  return {
    person: weightedMean(detailed, alpha, false, NEAR_PX),
    background: weightedMean(far.background, alpha, true, NEAR_PX),
  };
}

/** One channel of a pixel with the background taken out of it: equation 5 of the paper, 0 to 255. */
export function toForeground(seen: number, opacity: number, person: number, background: number): number {
  const value = person + opacity * (seen - opacity * person - (1 - opacity) * background);
  return Math.min(Math.max(value, 0), 255);
}

/** Colours averaged around each pixel, each counting as much as its alpha or, `inverted`, its lack of it. */
function weightedMean(
  colours: Float32Array,
  alpha: Uint8Array,
  inverted: boolean,
  radius: number,
): Float32Array {
  const weighted = new Float32Array(4 * GRID_PIXELS);
  for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
    const weight = (inverted ? 255 - alpha[pixel]! : alpha[pixel]!) / 255;
    weighted[4 * pixel] = weight * colours[3 * pixel]!;
    weighted[4 * pixel + 1] = weight * colours[3 * pixel + 1]!;
    weighted[4 * pixel + 2] = weight * colours[3 * pixel + 2]!;
    weighted[4 * pixel + 3] = weight;
  }
  const sums = sumLines(sumLines(weighted, radius, 'across'), radius, 'down');
  const means = new Float32Array(3 * GRID_PIXELS);
  for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
    const weight = sums[4 * pixel + 3]! + 1e-5;
    means[3 * pixel] = sums[4 * pixel]! / weight;
    means[3 * pixel + 1] = sums[4 * pixel + 1]! / weight;
    means[3 * pixel + 2] = sums[4 * pixel + 2]! / weight;
  }
  return means;
}

/** Sums of `2 * radius + 1` neighbours along each line, fewer at its ends; four interleaved channels. */
function sumLines(values: Float32Array, radius: number, direction: 'across' | 'down'): Float32Array {
  const [step, line] = direction === 'across' ? [4, 4 * GRID_PX] : [4 * GRID_PX, 4];
  const sums = new Float32Array(values.length);
  for (let start = 0; start < GRID_PX * line; start += line) {
    for (let channel = start; channel < start + 4; channel += 1) {
      let sum = 0;
      for (let at = -radius; at < GRID_PX; at += 1) {
        if (at + radius < GRID_PX) {
          sum += values[channel + (at + radius) * step]!;
        }
        if (at > radius) {
          sum -= values[channel + (at - radius - 1) * step]!;
        }
        if (at >= 0) {
          sums[channel + at * step] = sum;
        }
      }
    }
  }
  return sums;
}
