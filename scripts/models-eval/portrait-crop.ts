import type { CropArea, Raster } from '../../src/inference/image/raster.ts';

/** A figure taller than this many times its width shows a whole person. */
const WHOLE_FIGURE = 1.9;
/** Share of head and shoulders in a whole figure, and in a cropped one. */
const SHARES = { whole: 0.4, half: 0.85 };
/** Space above the head, as a share of the crop's height. */
const ABOVE = 0.12;
/** The top of the figure, where the head is. */
const HEAD = 0.18;
const PERSON = 128;

/**
 * The square around head and shoulders of a mask. Its height is the upper 40 % of a whole figure (85 % of a cropped one)
 * and 12 % more above it. It is centred on the mean x of the top 18 %.
 * `undefined` if the mask is empty.
 */
export function portraitCrop({ bytes, widthPx, heightPx }: Raster): CropArea | undefined {
  let [left, top, right, bottom] = [widthPx, heightPx, 0, 0];
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      if (bytes[y * widthPx + x]! >= PERSON) {
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y + 1);
      }
    }
  }
  if (right <= left) {
    return undefined;
  }
  const figure = bottom - top;
  const share = figure > WHOLE_FIGURE * (right - left) ? SHARES.whole : SHARES.half;
  const side = share * figure * (1 + ABOVE);
  let [sum, count] = [0, 0];
  for (let y = top; y < top + Math.max(2, HEAD * figure) && y < heightPx; y += 1) {
    for (let x = left; x < right; x += 1) {
      if (bytes[y * widthPx + x]! >= PERSON) {
        sum += x;
        count += 1;
      }
    }
  }
  const centre = sum / count;
  const x1 = Math.round(Math.max(0, centre - side / 2));
  const y1 = Math.round(Math.max(0, top - ABOVE * side));
  return {
    left: x1,
    top: y1,
    width: Math.round(Math.min(widthPx, centre + side / 2)) - x1,
    height: Math.round(Math.min(heightPx, top + (1 - ABOVE) * side)) - y1,
  };
}
