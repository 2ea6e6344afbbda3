import sharp, { type Sharp } from 'sharp';
import type { Raster } from './raster.ts';

// Every picture is seen once, and the slots share the cores with the sessions.
sharp.cache(false);
sharp.concurrency(1);

/** The most that is decoded; matches the bound on uploads. */
const MAX_PIXELS = 50_000_000;

/** Of a photo, in whole pixels. */
export interface CropArea {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Three channels of 8 bits in sRGB, from a file or the bytes of one. */
export function openImage(source: string | Uint8Array): Sharp {
  return sharp(source, { limitInputPixels: MAX_PIXELS }).toColourspace('srgb').removeAlpha();
}

/** The pixels of a part of the picture, or of all of it. */
export async function readArea(source: string | Uint8Array, area?: CropArea): Promise<Raster> {
  const opened = openImage(source);
  const { data, info } = await (area ? opened.extract(area) : opened)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}
