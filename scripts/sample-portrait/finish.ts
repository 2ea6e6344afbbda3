import { blurWeighted } from './blur.ts';
import { createRandom } from './noise.ts';
import type { Picture } from './picture.ts';
import { clamp } from './scalar.ts';

/** Bloom, vignette, film curve and grain. Gives sRGB bytes. */
export function finish({ sizePx, rgb }: Picture, seed: number): Uint8Array {
  const random = createRandom(seed);
  const even = new Float32Array(sizePx * sizePx).fill(1);
  const bright = [0, 1, 2].map((c) => {
    const channel = Float32Array.from(even, (_, i) => Math.max(0, Math.min(2, rgb[3 * i + c]!) - 0.55));
    return blurWeighted(channel, even, sizePx, sizePx / 55);
  });
  const out = new Uint8Array(rgb.length);
  for (let i = 0; i < even.length; i++) {
    const x = (i % sizePx) / sizePx - 0.5;
    const y = Math.floor(i / sizePx) / sizePx - 0.5;
    const vignette = 1 - 0.42 * (x * x + y * y);
    const grain = (random() + random() - 1) * 0.012;
    for (let c = 0; c < 3; c++) {
      const light = vignette * (rgb[3 * i + c]! + 0.14 * bright[c]![i]!);
      out[3 * i + c] = Math.round(255 * clamp(encode(film(light)) + grain));
    }
  }
  return out;
}

/** Narkowicz's fit of the ACES film curve, a little darker. */
function film(light: number): number {
  const v = 0.62 * light;
  return clamp((v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14));
}

const encode = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
