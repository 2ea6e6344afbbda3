/** Packed RGBA, one number per pixel, with red in the low byte. Colours are premultiplied. */
export interface Texture {
  widthPx: number;
  heightPx: number;
  pixels: Uint32Array;
}

export function red(pixel: number): number {
  return pixel & 255;
}

export function green(pixel: number): number {
  return (pixel >>> 8) & 255;
}

export function blue(pixel: number): number {
  return (pixel >>> 16) & 255;
}

export function pack(r: number, g: number, b: number, a = 255): number {
  return (r | (g << 8) | (b << 16) | (a << 24)) >>> 0;
}
