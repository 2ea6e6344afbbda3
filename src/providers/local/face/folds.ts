import { clamp } from '../../../clamp.ts';
import { boundsOf } from '../../../inference/face/face-landmarks.ts';
import { gauss, smoothstep } from '../curves.ts';
import { blue, green, pack, red, type Texture } from '../picture/texture.ts';
import { distance, eyeDistance, type FacePoints, type Point, pointAt } from './face-points.ts';

/** Landmarks of the nasolabial folds, from the wings of the nose past the corners of the mouth. */
const FOLDS = [
  [129, 203, 206, 216, 212],
  [358, 423, 426, 436, 432],
] as const;
/** As shares of the distance between the eyes. */
const WIDTH = 0.05;
const REACH = 0.2;
/** How much darker the fold is at full effect, and how much brighter the cheek above it. */
const SHADE = 0.075;
const LIGHT = 0.035;
const LEVELS = 6;

/**
 * Deepens the folds beside the nose when the cheeks rise. Shades the texture before it is warped, so that the folds
 * move with the skin.
 * @param live the texture that frames are drawn from
 * @returns a function that sets the depth: 0 as in the photo, 1 at full effect
 */
export function createFolds(points: FacePoints, live: Texture): (depth: number) => void {
  const patches = FOLDS.map((fold) => patchOf(points, fold, live));
  let shown = 0;
  return (depth) => {
    const level = Math.round(clamp(depth, 0, 1) * LEVELS);
    if (level === shown) {
      return;
    }
    shown = level;
    for (const { left, top, width, levels } of patches) {
      const pixels = levels[level]!;
      for (let start = 0; start < pixels.length; start += width) {
        const row = pixels.subarray(start, start + width);
        live.pixels.set(row, (top + start / width) * live.widthPx + left);
      }
    }
  };
}

function patchOf(points: FacePoints, fold: readonly number[], live: Texture) {
  const line = fold.map((index) => pointAt(points, index));
  const eyes = eyeDistance(points);
  const reach = Math.ceil(REACH * eyes);
  const [x1, y1, x2, y2] = boundsOf(Float32Array.from(line.flatMap(({ x, y }) => [x, y, 0])));
  const left = Math.max(0, Math.floor(x1) - reach);
  const top = Math.max(0, Math.floor(y1) - reach);
  const width = Math.max(0, Math.min(live.widthPx, Math.ceil(x2) + reach) - left);
  const height = Math.max(0, Math.min(live.heightPx, Math.ceil(y2) + reach) - top);
  const middle = pointAt(points, 2).x;
  const shades = Float32Array.from({ length: width * height }, (_, i) =>
    shadeAt({ x: left + (i % width), y: top + Math.floor(i / width) }, line, eyes, middle),
  );
  const levels = Array.from({ length: LEVELS + 1 }, (_, level) =>
    Uint32Array.from(shades, (shade, i) => {
      const own = live.pixels[(top + Math.floor(i / width)) * live.widthPx + left + (i % width)]!;
      return own >>> 24 === 255 ? shaded(own, 1 + (shade * level) / LEVELS) : own;
    }),
  );
  return { left, top, width, levels };
}

/** Negative on the fold, positive on the cheek beside it. Fades at both ends. */
function shadeAt(point: Point, line: Point[], eyes: number, middle: number): number {
  let nearest = Infinity;
  let along = 0;
  let outward = 0;
  for (let i = 1; i < line.length; i += 1) {
    const [a, b] = [line[i - 1]!, line[i]!];
    const length = distance(a, b) ** 2;
    const t = Math.min(
      1,
      Math.max(0, ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length),
    );
    const foot = { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
    const away = distance(point, foot);
    if (away < nearest) {
      nearest = away;
      along = (i - 1 + t) / (line.length - 1);
      outward = Math.abs(point.x - middle) - Math.abs(foot.x - middle);
    }
  }
  const ends = smoothstep(0, 0.25, along) * (1 - smoothstep(0.7, 1, along));
  const across = Math.sign(outward) * nearest;
  const fold = gauss(across / (WIDTH * eyes));
  const cheek = gauss((across - 1.8 * WIDTH * eyes) / (1.1 * WIDTH * eyes));
  return ends * (LIGHT * cheek - SHADE * fold);
}

function shaded(pixel: number, factor: number): number {
  const channel = (value: number, share: number) =>
    Math.min(255, Math.round(value * (1 + share * (factor - 1))));
  // Shade on skin is warm: red darkens least.
  return pack(channel(red(pixel), 0.75), channel(green(pixel), 1), channel(blue(pixel), 1.1));
}
