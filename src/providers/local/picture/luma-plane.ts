import { blue, green, red, type Texture } from './texture.ts';

/** One number a pixel. */
export interface Plane {
  widthPx: number;
  heightPx: number;
  values: Float32Array;
}

export function lumaPlane(texture: Texture): Plane {
  return planeOf(texture, (pixel) => 0.299 * red(pixel) + 0.587 * green(pixel) + 0.114 * blue(pixel));
}

/** Red over the mean of green and blue: lips are redder than teeth, skin and the dark of the mouth. */
export function rednessPlane(texture: Texture): Plane {
  return planeOf(texture, (pixel) => red(pixel) - (green(pixel) + blue(pixel)) / 2);
}

function planeOf({ widthPx, heightPx, pixels }: Texture, toValue: (pixel: number) => number): Plane {
  return { widthPx, heightPx, values: Float32Array.from(pixels, toValue) };
}

/** Bilinear; outside of the plane its border goes on. */
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

/** Gaussian, separable; the border is repeated. */
export function blurPlane(plane: Plane, sigmaPx: number): Plane {
  const radius = Math.ceil(3 * sigmaPx);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigmaPx ** 2)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const { widthPx, heightPx } = plane;
  const convolve = (values: Float32Array, dx: number, dy: number) =>
    values.map((_, i) => {
      const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
      let sum = 0;
      for (let k = -radius; k <= radius; k += 1) {
        const column = Math.min(Math.max(x + k * dx, 0), widthPx - 1);
        const row = Math.min(Math.max(y + k * dy, 0), heightPx - 1);
        sum += kernel[k + radius]! * values[row * widthPx + column]!;
      }
      return sum / total;
    });
  return { ...plane, values: convolve(convolve(plane.values, 1, 0), 0, 1) };
}
