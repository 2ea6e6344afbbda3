import { clamp } from '../../clamp.ts';
import type { Raster } from './raster.ts';

/** Brightness of a picture: the luma, 0 to 255, that 2 % and 98 % of its pixels do not exceed, and the median. */
export interface Light {
  darkest: number;
  median: number;
  brightest: number;
}

/** Pixels that are measured, at most. */
const SAMPLES = 20_000;
/** A picture whose brightest parts are below this is dark. */
const DARK = 110;
/** Median below which faces in it are in the shade, whatever is bright around them. */
const SHADE = 50;
/** A picture whose darkest and brightest parts are closer is washed out. */
const FLAT = 100;

export function measureLight({ bytes, channels }: Raster): Light {
  const pixels = bytes.length / channels;
  const step = Math.max(1, Math.floor(pixels / SAMPLES));
  const lumas: number[] = [];
  for (let pixel = 0; pixel < pixels; pixel += step) {
    const at = channels * pixel;
    lumas.push(0.299 * bytes[at]! + 0.587 * bytes[at + 1]! + 0.114 * bytes[at + 2]!);
  }
  lumas.sort((a, b) => a - b);
  const at = (share: number) => lumas[Math.min(lumas.length - 1, Math.floor(share * lumas.length))] ?? 0;
  return { darkest: at(0.02), median: at(0.5), brightest: at(0.98) };
}

export function isDark({ brightest, median }: Light): boolean {
  return brightest < DARK || median < SHADE;
}

export function isPoor(light: Light): boolean {
  return isDark(light) || light.brightest - light.darkest < FLAT;
}

/** Share of the brightness to which the median is moved. */
const MIDDLE = 0.45;
/** Further from 1, noise would become more visible than what is in the picture. */
const MAX_GAMMA = 3;

/** Evens the light out for detectors: stretches the contrast to the full range, and moves the median to the middle. */
export function evenLight({ bytes, ...size }: Raster, { darkest, median, brightest }: Light): Raster {
  const range = Math.max(1, brightest - darkest);
  const middle = clamp((median - darkest) / range, 0.01, 0.99);
  const gamma = clamp(Math.log(MIDDLE) / Math.log(middle), 1 / MAX_GAMMA, MAX_GAMMA);
  const table = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.round(255 * clamp((value - darkest) / range, 0, 1) ** gamma),
  );
  return { ...size, bytes: bytes.map((value) => table[value]!) };
}
