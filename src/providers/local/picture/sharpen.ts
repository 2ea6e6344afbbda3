import { blue, green, pack, red, type Texture } from './texture.ts';

/** Weight of the difference to the neighbours' mean: compensates on average for the blur of bilinear sampling. */
const STRENGTH = 0.6;

/** The texture for moving parts, so that they are as crisp as those at rest. Soft edges stay soft. */
export function sharpen({ widthPx, heightPx, pixels }: Texture): Texture {
  const sharp = pixels.slice();
  for (let y = 1; y < heightPx - 1; y += 1) {
    for (let x = 1; x < widthPx - 1; x += 1) {
      const at = y * widthPx + x;
      const around = [
        pixels[at - 1]!,
        pixels[at + 1]!,
        pixels[at - widthPx]!,
        pixels[at + widthPx]!,
      ] as const;
      const own = pixels[at]!;
      const opaque = (own & around[0] & around[1] & around[2] & around[3]) >>> 24 === 255;
      if (opaque) {
        const channel = (of: (pixel: number) => number) => {
          const mean = (of(around[0]) + of(around[1]) + of(around[2]) + of(around[3])) / 4;
          const value = of(own) + STRENGTH * (of(own) - mean);
          return Math.min(255, Math.max(0, Math.round(value)));
        };
        sharp[at] = pack(channel(red), channel(green), channel(blue));
      }
    }
  }
  return { widthPx, heightPx, pixels: sharp };
}
