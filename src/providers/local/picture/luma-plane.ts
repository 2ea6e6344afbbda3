import { blue, green, red, type Texture } from './texture.ts';

/** One number per pixel. */
export interface Plane {
  widthPx: number;
  heightPx: number;
  values: Float32Array;
}

export function lumaPlane(texture: Texture): Plane {
  return weightedPlane(texture, [0.299, 0.587, 0.114]);
}

/** Red over the mean of green and blue: lips are redder than teeth, skin and the dark of the mouth. */
export function rednessPlane(texture: Texture): Plane {
  return weightedPlane(texture, [1, -0.5, -0.5]);
}

function weightedPlane(
  { widthPx, heightPx, pixels }: Texture,
  [r, g, b]: readonly [number, number, number],
): Plane {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < values.length; i += 1) {
    const pixel = pixels[i]!;
    values[i] = r * red(pixel) + g * green(pixel) + b * blue(pixel);
  }
  return { widthPx, heightPx, values };
}

/** Bilinear. Constant outside the plane. */
export function sampleAt({ widthPx, heightPx, values }: Plane, x: number, y: number): number {
  const cx = Math.min(Math.max(x, 0), widthPx - 1.001);
  const cy = Math.min(Math.max(y, 0), heightPx - 1.001);
  const column = Math.floor(cx);
  const row = Math.floor(cy);
  const at = row * widthPx + column;
  const fx = cx - column;
  const upper = values[at]! * (1 - fx) + values[at + 1]! * fx;
  const lower = values[at + widthPx]! * (1 - fx) + values[at + widthPx + 1]! * fx;
  return upper + (lower - upper) * (cy - row);
}

/** Separable Gaussian. Repeats the border. */
export function blurPlane(plane: Plane, sigmaPx: number): Plane {
  const radius = Math.ceil(3 * sigmaPx);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigmaPx ** 2)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const scaled = kernel.map((weight) => weight / total);
  const { widthPx, heightPx } = plane;
  const rows = convolve(plane.values, scaled, { lines: heightPx, line: widthPx, length: widthPx, step: 1 });
  const values = convolve(rows, scaled, { lines: widthPx, line: 1, length: heightPx, step: widthPx });
  return { ...plane, values };
}

/** Convolves lines that start `line` values apart, with `step` between the values of a line. */
function convolve(
  values: Float32Array,
  kernel: Float32Array,
  { lines, line, length, step }: { lines: number; line: number; length: number; step: number },
): Float32Array {
  const result = new Float32Array(values.length);
  const radius = (kernel.length - 1) / 2;
  for (let start = 0; start < lines * line; start += line) {
    for (let i = 0; i < length; i += 1) {
      let sum = 0;
      for (let k = -radius; k <= radius; k += 1) {
        const at = Math.min(Math.max(i + k, 0), length - 1);
        sum += kernel[k + radius]! * values[start + at * step]!;
      }
      result[start + i * step] = sum;
    }
  }
  return result;
}
