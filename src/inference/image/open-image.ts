import sharp, { type Sharp } from 'sharp';
import { isSrgbProfile } from '../../contracts/colour-profile.ts';
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
export function openImage(source: string | Uint8Array, ignoreIcc = false): Sharp {
  return sharp(source, { limitInputPixels: MAX_PIXELS, ignoreIcc }).toColourspace('srgb').removeAlpha();
}

/** The same and its size. Without a conversion where the picture's colour profile is that of sRGB. */
export async function openSized(
  source: string | Uint8Array,
): Promise<{ opened: Sharp; widthPx: number; heightPx: number }> {
  const { width, height, icc } = await sharp(source, { limitInputPixels: MAX_PIXELS }).metadata();
  return { opened: openImage(source, isSrgbProfile(icc)), widthPx: width, heightPx: height };
}

/** The pixels of a part of the picture, or of all of it. */
export async function readArea(source: string | Uint8Array, area?: CropArea): Promise<Raster> {
  const { opened } = await openSized(source);
  const { data, info } = await (area ? opened.extract(area) : opened)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}
