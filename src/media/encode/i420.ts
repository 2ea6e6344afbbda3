/** A part of a picture, in even pixels. */
export interface PixelBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Converts packed RGBA to I420 in bt709 and limited range, in fixed point of 8 bits. Chroma is the mean of four pixels.
 * Writes only the box, so that the rest of the last frame stays.
 */
export function toI420(
  pixels: Uint32Array,
  widthPx: number,
  heightPx: number,
  { left, top, right, bottom }: PixelBox,
  out: Uint8Array,
): void {
  const halfWidth = widthPx >> 1;
  const uAt = widthPx * heightPx;
  const vAt = uAt + halfWidth * (heightPx >> 1);
  for (let y = top; y < bottom; y += 2) {
    let at = y * widthPx + left;
    let chroma = (y >> 1) * halfWidth + (left >> 1);
    for (let x = left; x < right; x += 2) {
      const a = pixels[at]!;
      const b = pixels[at + 1]!;
      const c = pixels[at + widthPx]!;
      const d = pixels[at + widthPx + 1]!;
      out[at] = luma(a);
      out[at + 1] = luma(b);
      out[at + widthPx] = luma(c);
      out[at + widthPx + 1] = luma(d);
      // Sums of four pixels, red and blue packed together.
      const rb = (a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff);
      const g = ((a >>> 8) & 255) + ((b >>> 8) & 255) + ((c >>> 8) & 255) + ((d >>> 8) & 255);
      const red = rb & 0xffff;
      const blue = rb >>> 16;
      out[uAt + chroma] = (131_584 - 26 * red - 86 * g + 112 * blue) >> 10;
      out[vAt + chroma] = (131_584 + 112 * red - 102 * g - 10 * blue) >> 10;
      at += 2;
      chroma += 1;
    }
  }
}

function luma(pixel: number): number {
  return (4224 + 47 * (pixel & 255) + 157 * ((pixel >>> 8) & 255) + 16 * ((pixel >>> 16) & 255)) >> 8;
}

/** Writes the fourth plane of I420A, after the others. */
export function toAlphaPlane(
  pixels: Uint32Array,
  widthPx: number,
  heightPx: number,
  { left, top, right, bottom }: PixelBox,
  out: Uint8Array,
): void {
  const from = (widthPx * heightPx * 3) / 2;
  for (let y = top; y < bottom; y += 1) {
    for (let at = y * widthPx + left; at < y * widthPx + right; at += 1) {
      out[from + at] = pixels[at]! >>> 24;
    }
  }
}
