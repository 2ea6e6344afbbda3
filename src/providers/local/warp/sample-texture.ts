/**
 * Packed pixels as signed numbers of 32 bits: unsigned ones with alpha would not fit what the engine keeps unboxed.
 * Two channels at once, so that one multiplication serves both.
 */
export const PAIR = 0xff00ff;
/** Rounds both channels. */
export const HALF = 0x800080;

/** Bilinear over packed pixels; `at` is the upper left pixel, fx and fy 0 to 256. */
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

/** A premultiplied pixel over an opaque one; or over a colour with alpha 0, which stays as transparent as the pixel is. */
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

/** `share` of 0 to 256 of a over b, all channels. */
export function mixPacked(a: number, b: number, share: number): number {
  const even = mix(b & PAIR, a & PAIR, 256 - share, share);
  const odd = mix((b >>> 8) & PAIR, (a >>> 8) & PAIR, 256 - share, share);
  return even | (odd << 8);
}

function mix(a: number, b: number, shareOfA: number, shareOfB: number): number {
  return ((Math.imul(a, shareOfA) + Math.imul(b, shareOfB) + HALF) >>> 8) & PAIR;
}

/** Rounding may carry a sum one over 255, which must not run into the next channel. */
function addClipped(a: number, b: number): number {
  const even = (a & PAIR) + (b & PAIR);
  const odd = ((a >>> 8) & PAIR) + ((b >>> 8) & PAIR);
  const clip = (pair: number) => (pair | (((pair >>> 8) & 0x10001) * 255)) & PAIR;
  return clip(even) | (clip(odd) << 8);
}
