import type { Vec3 } from './vec3.ts';

/** Linear light, three floats a pixel. */
export interface Picture {
  sizePx: number;
  rgb: Float32Array;
}

export const createPicture = (sizePx: number): Picture => ({
  sizePx,
  rgb: new Float32Array(3 * sizePx * sizePx),
});

export function setPixel(picture: Picture, index: number, colour: Vec3): void {
  picture.rgb.set(colour, 3 * index);
}

export const getPixel = ({ rgb }: Picture, index: number): Vec3 => [
  rgb[3 * index]!,
  rgb[3 * index + 1]!,
  rgb[3 * index + 2]!,
];
