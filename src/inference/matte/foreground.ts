import { GRID_PIXELS, GRID_PX } from './mask-grid.ts';

/** Estimated colours of person and background, on the grid. Interleaved, 0 to 255. */
export interface LocalColours {
  person: Float32Array;
  background: Float32Array;
}

/** Radii of the two passes: the first reaches every pixel, the second keeps colours local. */
const FAR_PX = 24;
const NEAR_PX = 2;

/**
 * Approximate Fast Foreground Colour Estimation (Forte 2021): local means of the colours, weighted by alpha for the
 * person and by 1 - alpha for the background, in a wide and then a narrow pass. `toForeground` restores the detail of a
 * pixel.
 */
export function estimateColours(rgb: Uint8Array, alpha: Uint8Array): LocalColours {
  const seen = new Float32Array(rgb);
  const scratch = { weighted: new Float32Array(4 * GRID_PIXELS), sums: new Float32Array(4 * GRID_PIXELS) };
  const far = {
    person: weightedMean(seen, alpha, false, FAR_PX, scratch),
    background: weightedMean(seen, alpha, true, FAR_PX, scratch),
  };
  const detailed = new Float32Array(3 * GRID_PIXELS);
  for (let pixel = 0, at = 0; pixel < GRID_PIXELS; pixel += 1) {
    const opacity = alpha[pixel]! / 255;
    for (let channel = 0; channel < 3; channel += 1, at += 1) {
      detailed[at] = toForeground(seen[at]!, opacity, far.person[at]!, far.background[at]!);
    }
  }
  return {
    person: weightedMean(detailed, alpha, false, NEAR_PX, scratch),
    background: weightedMean(far.background, alpha, true, NEAR_PX, scratch),
  };
}

/** Removes the background from one channel of a pixel: equation 5 of the paper, 0 to 255. */
export function toForeground(seen: number, opacity: number, person: number, background: number): number {
  const value = person + opacity * (seen - opacity * person - (1 - opacity) * background);
  return Math.min(Math.max(value, 0), 255);
}

/** Mean colours around each pixel, weighted by alpha or, if `inverted`, by 1 - alpha. */
function weightedMean(
  colours: Float32Array,
  alpha: Uint8Array,
  inverted: boolean,
  radius: number,
  { weighted, sums }: { weighted: Float32Array; sums: Float32Array },
): Float32Array {
  for (let pixel = 0, to = 0, from = 0; pixel < GRID_PIXELS; pixel += 1, to += 4, from += 3) {
    const weight = (inverted ? 255 - alpha[pixel]! : alpha[pixel]!) / 255;
    weighted[to] = weight * colours[from]!;
    weighted[to + 1] = weight * colours[from + 1]!;
    weighted[to + 2] = weight * colours[from + 2]!;
    weighted[to + 3] = weight;
  }
  sumSquares(weighted, radius, sums);
  const means = new Float32Array(3 * GRID_PIXELS);
  for (let pixel = 0, from = 0, to = 0; pixel < GRID_PIXELS; pixel += 1, from += 4, to += 3) {
    const weight = sums[from + 3]! + 1e-5;
    means[to] = sums[from]! / weight;
    means[to + 1] = sums[from + 1]! / weight;
    means[to + 2] = sums[from + 2]! / weight;
  }
  return means;
}

/** Four interleaved channels. */
const ROW = 4 * GRID_PX;

/**
 * Sums over squares of `2 * radius + 1` pixels, fewer at the borders. First down, then across, both in memory order.
 * Running sums are doubles, so that adding and subtracting a value leaves no rounding error.
 */
function sumSquares(values: Float32Array, radius: number, sums: Float32Array): void {
  const down = new Float64Array(ROW);
  for (let y = -radius; y < GRID_PX; y += 1) {
    if (y + radius < GRID_PX) {
      for (let at = 0, from = (y + radius) * ROW; at < ROW; at += 1, from += 1) {
        down[at] = down[at]! + values[from]!;
      }
    }
    if (y > radius) {
      for (let at = 0, from = (y - radius - 1) * ROW; at < ROW; at += 1, from += 1) {
        down[at] = down[at]! - values[from]!;
      }
    }
    if (y >= 0) {
      sumAcross(down, radius, sums, y * ROW);
    }
  }
}

function sumAcross(row: Float64Array, radius: number, sums: Float32Array, start: number): void {
  const [reach, end] = [4 * radius, ROW];
  let [red, green, blue, weight] = [0, 0, 0, 0];
  for (let at = -reach; at < end; at += 4) {
    const entering = at + reach;
    if (entering < end) {
      red += row[entering]!;
      green += row[entering + 1]!;
      blue += row[entering + 2]!;
      weight += row[entering + 3]!;
    }
    const leaving = at - reach - 4;
    if (leaving >= 0) {
      red -= row[leaving]!;
      green -= row[leaving + 1]!;
      blue -= row[leaving + 2]!;
      weight -= row[leaving + 3]!;
    }
    if (at >= 0) {
      sums[start + at] = red;
      sums[start + at + 1] = green;
      sums[start + at + 2] = blue;
      sums[start + at + 3] = weight;
    }
  }
}
