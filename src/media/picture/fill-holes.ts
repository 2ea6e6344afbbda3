/** A picture with holes. */
export interface ColourGrid {
  width: number;
  height: number;
  /** Three values per pixel. */
  rgb: Float32Array;
  /** One value per pixel: 1 if the colour is known, 0 in a hole. */
  weight: Float32Array;
}

/**
 * Fills holes with a smooth continuation of their surroundings. Averages of known pixels go up a pyramid until one
 * pixel is left, and come down again into the holes. S. J. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4
 * (pull-push).
 */
export function fillHoles(grid: ColourGrid): Float32Array {
  if (grid.width === 1 && grid.height === 1) {
    return grid.rgb;
  }
  const half = halve(grid);
  const coarse = fillHoles(half);
  const filled = new Float32Array(grid.rgb.length);
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const pixel = y * grid.width + x;
      const known = grid.weight[pixel]!;
      for (let channel = 0; channel < 3; channel++) {
        const guess = known < 1 ? sample(coarse, half, (x - 0.5) / 2, (y - 0.5) / 2, channel) : 0;
        filled[pixel * 3 + channel] = grid.rgb[pixel * 3 + channel]! * known + guess * (1 - known);
      }
    }
  }
  return filled;
}

/** Each pixel is the mean of the known ones among four, with the sum of their weights up to 1. */
function halve(grid: ColourGrid): ColourGrid {
  const width = Math.ceil(grid.width / 2);
  const height = Math.ceil(grid.height / 2);
  const rgb = new Float32Array(width * height * 3);
  const weight = new Float32Array(width * height);
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const from = y * grid.width + x;
      const to = (y >> 1) * width + (x >> 1);
      weight[to]! += grid.weight[from]!;
      for (let channel = 0; channel < 3; channel++) {
        rgb[to * 3 + channel]! += grid.rgb[from * 3 + channel]! * grid.weight[from]!;
      }
    }
  }
  for (let pixel = 0; pixel < weight.length; pixel++) {
    const sum = weight[pixel]!;
    for (let channel = 0; channel < 3 && sum > 0; channel++) {
      rgb[pixel * 3 + channel]! /= sum;
    }
    weight[pixel] = Math.min(1, sum);
  }
  return { width, height, rgb, weight };
}

/** Bilinear, with the border repeated outwards. */
function sample(
  rgb: Float32Array,
  size: { width: number; height: number },
  x: number,
  y: number,
  channel: number,
) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = (column: number, row: number) => {
    const inside =
      Math.min(size.height - 1, Math.max(0, row)) * size.width +
      Math.min(size.width - 1, Math.max(0, column));
    return rgb[inside * 3 + channel]!;
  };
  const mix = (a: number, b: number, t: number) => a + (b - a) * t;
  const upper = mix(at(left, top), at(left + 1, top), x - left);
  const lower = mix(at(left, top + 1), at(left + 1, top + 1), x - left);
  return mix(upper, lower, y - top);
}
