import { clamp } from '../../../clamp.ts';
import { boundsOf } from '../../../inference/face/face-landmarks.ts';
import type { Texture } from '../picture/texture.ts';
import { blue, green, red } from '../picture/texture.ts';
import { EYES, MESH } from './face-mesh.ts';
import { eyeDistance, type FacePoints, pointAt } from './face-points.ts';

/** 0 to 255 per channel. */
export type Colour = readonly [r: number, g: number, b: number];

export interface FaceColours {
  skin: Colour;
  tooth: Colour;
}

export function faceColoursOf(points: FacePoints, portrait: Texture): FaceColours {
  const skin = medianSkin(points, portrait);
  return { skin, tooth: toothColour(skin, eyeWhiteLuma(points, portrait)) };
}

export function luma([r, g, b]: Colour): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

export function times(colour: Colour, factor: Colour | number): Colour {
  const [r, g, b] = typeof factor === 'number' ? [factor, factor, factor] : factor;
  return [colour[0] * r, colour[1] * g, colour[2] * b];
}

/** Median per channel over small patches of the cheeks. */
function medianSkin(points: FacePoints, { widthPx, heightPx, pixels }: Texture): Colour {
  const radius = Math.max(1, Math.round(0.03 * eyeDistance(points)));
  const samples: number[] = [];
  for (const index of MESH.skin) {
    const { x, y } = pointAt(points, index);
    for (let row = Math.round(y) - radius; row <= Math.round(y) + radius; row += 1) {
      for (let column = Math.round(x) - radius; column <= Math.round(x) + radius; column += 1) {
        if (row >= 0 && column >= 0 && row < heightPx && column < widthPx) {
          samples.push(pixels[row * widthPx + column]!);
        }
      }
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 128;
  return [median(samples.map(red)), median(samples.map(green)), median(samples.map(blue))];
}

/** Mean luma of the brightest fifth of the pixels inside the eyes. */
function eyeWhiteLuma(points: FacePoints, { widthPx, pixels }: Texture): number {
  const lumas: number[] = [];
  for (const { upperLid, lowerLid } of EYES) {
    const corners = [...upperLid, ...lowerLid].flatMap((index) => [
      ...points.subarray(3 * index, 3 * index + 3),
    ]);
    const [left, top, right, bottom] = boundsOf(Float32Array.from(corners));
    for (let y = Math.ceil(top); y < bottom; y += 1) {
      for (let x = Math.ceil(left); x < right; x += 1) {
        const pixel = pixels[y * widthPx + x];
        if (pixel !== undefined) {
          lumas.push(luma([red(pixel), green(pixel), blue(pixel)]));
        }
      }
    }
  }
  lumas.sort((a, b) => b - a);
  const brightest = lumas.slice(0, Math.max(1, Math.floor(lumas.length / 5)));
  return brightest.reduce((sum, value) => sum + value, 0) / brightest.length;
}

/** As bright as the white of the eyes, but as warm as the light on the skin: pure eye white looks blue in a mouth. */
function toothColour(skin: Colour, eyeWhite: number): Colour {
  const skinLuma = Math.max(1, luma(skin));
  const target = Math.min(228, Math.min(1.25 * skinLuma, Math.max(0.98 * skinLuma, 1.15 * eyeWhite)));
  const hue = [1, 0.96, 0.89].map((share, channel) => {
    const light = clamp(skin[channel]! / skinLuma, 0.85, 1.06);
    return share * light ** 0.6;
  }) as [number, number, number];
  const [r, g, b] = times(hue, target / luma(hue));
  return [r, Math.min(g, 0.97 * r), Math.min(b, 0.91 * r)];
}
