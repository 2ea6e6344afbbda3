/**
 * Pixels are packed as signed 32-bit numbers: V8 would box unsigned ones with alpha. Two channels share one
 * multiplication.
 */
export const PAIR = 0xff00ff;
/** Rounding offset of both channels. */
export const HALF = 0x800080;

/** Bilinear. `at` is the upper left pixel; fx and fy are 0 to 256. */
export function samplePacked(
  pixels: Uint32Array,
  widthPx: number,
  at: number,
  fx: number,
  fy: number,
): number {
  const a = pixels[at]!;
  const b = pixels[at + 1]!;
  const c = pixels[at + widthPx]!;
  const d = pixels[at + widthPx + 1]!;
  const gx = 256 - fx;
  const gy = 256 - fy;
  const even = mix(mix(a & PAIR, b & PAIR, gx, fx), mix(c & PAIR, d & PAIR, gx, fx), gy, fy);
  const odd = mix(
    mix((a >>> 8) & PAIR, (b >>> 8) & PAIR, gx, fx),
    mix((c >>> 8) & PAIR, (d >>> 8) & PAIR, gx, fx),
    gy,
    fy,
  );
  return even | (odd << 8);
}

/** A premultiplied pixel over an opaque one, or over a colour with alpha 0, which keeps the alpha of the pixel. */
export function over(pixel: number, behind: number): number {
  const alpha = pixel >>> 24;
  if (alpha === 255) {
    return pixel;
  }
  const rest = 256 - alpha - (alpha >>> 7);
  const even = ((Math.imul(behind & PAIR, rest) + HALF) >>> 8) & PAIR;
  const odd = ((Math.imul((behind >>> 8) & PAIR, rest) + HALF) >>> 8) & PAIR;
  return addClipped(pixel, even | (odd << 8)) | (behind & 0xff000000);
}

/** Mixes all channels: `share`, 0 to 256, of a and the rest of b. */
export function mixPacked(a: number, b: number, share: number): number {
  const even = mix(b & PAIR, a & PAIR, 256 - share, share);
  const odd = mix((b >>> 8) & PAIR, (a >>> 8) & PAIR, 256 - share, share);
  return even | (odd << 8);
}

function mix(a: number, b: number, shareOfA: number, shareOfB: number): number {
  return ((Math.imul(a, shareOfA) + Math.imul(b, shareOfB) + HALF) >>> 8) & PAIR;
}

/** Rounding may raise a sum to 256, which must not carry into the next channel. */
function addClipped(a: number, b: number): number {
  const even = (a & PAIR) + (b & PAIR);
  const odd = ((a >>> 8) & PAIR) + ((b >>> 8) & PAIR);
  const clip = (pair: number) => (pair | (((pair >>> 8) & 0x10001) * 255)) & PAIR;
  return clip(even) | (clip(odd) << 8);
}
