import { GRID_PIXELS, GRID_PX } from './mask-grid.ts';

/** Colours of the person and of what is behind, without each other, on the grid; interleaved, 0 to 255. */
export interface LocalColours {
  person: Float32Array;
  background: Float32Array;
}

/** Radii of the two passes: a far one that reaches every pixel, a near one that keeps colours local. */
const RADII_PX = [24, 2];

/**
 * Approximate Fast Foreground Colour Estimation (Forte 2021): averages of the person's colours weighted by alpha and of
 * the background's weighted by its rest, from far and then from near. `toForeground` brings back the detail of a pixel.
 */
export function estimateColours(rgb: Uint8Array, alpha: Uint8Array): LocalColours {
  let person: Float32Array = Float32Array.from(rgb);
  let background: Float32Array = person;
  const weight = Float32Array.from(alpha, (value) => value / 255);
  const rest = weight.map((value) => 1 - value);
  for (const [pass, radius] of RADII_PX.entries()) {
    const means = {
      person: weightedMean(person, weight, radius),
      background: weightedMean(background, rest, radius),
    };
    background = means.background;
    person = means.person;
    if (pass < RADII_PX.length - 1) {
      person = person.map((mean, at) =>
        toForeground(rgb[at]!, weight[Math.floor(at / 3)]!, mean, background[at]!),
      );
    }
  }
  return { person, background };
}

/** One channel of a pixel with the background taken out of it: equation 5 of the paper, 0 to 255. */
export function toForeground(seen: number, alpha: number, person: number, background: number): number {
  const value = person + alpha * (seen - alpha * person - (1 - alpha) * background);
  return Math.min(Math.max(value, 0), 255);
}

function weightedMean(colours: Float32Array, weight: Float32Array, radius: number): Float32Array {
  const weights = boxBlur(weight, 1, radius);
  const sums = boxBlur(
    colours.map((value, at) => value * weight[Math.floor(at / 3)]!),
    3,
    radius,
  );
  return sums.map((sum, at) => sum / (weights[Math.floor(at / 3)]! + 1e-5));
}

/** Mean over a square of `2 * radius + 1` pixels, cut off at the border, for interleaved channels. */
function boxBlur(values: Float32Array, channels: number, radius: number): Float32Array {
  const across = blurLines(values, channels, radius, { step: channels, line: GRID_PX * channels });
  return blurLines(across, channels, radius, { step: GRID_PX * channels, line: channels });
}

function blurLines(
  values: Float32Array,
  channels: number,
  radius: number,
  { step, line }: { step: number; line: number },
): Float32Array {
  const blurred = new Float32Array(GRID_PIXELS * channels);
  for (let row = 0; row < GRID_PX; row += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const start = row * line + channel;
      let sum = 0;
      let count = 0;
      for (let at = -radius; at < GRID_PX; at += 1) {
        const entering = at + radius;
        const leaving = at - radius - 1;
        if (entering < GRID_PX) {
          sum += values[start + entering * step]!;
          count += 1;
        }
        if (leaving >= 0) {
          sum -= values[start + leaving * step]!;
          count -= 1;
        }
        if (at >= 0) {
          blurred[start + at * step] = sum / count;
        }
      }
    }
  }
  return blurred;
}
