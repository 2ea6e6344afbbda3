import sharp, { type Sharp } from 'sharp';
import { isSrgbProfile } from '../../contracts/colour-profile.ts';
import { MAX_IMAGE_PIXELS } from '../../contracts/media-limits.ts';
import type { CropArea, Raster } from './raster.ts';

// Every picture is read once, and the slots share the cores with the sessions.
sharp.cache(false);
sharp.concurrency(1);

/**
 * @param source path or encoded bytes
 * @returns three 8-bit channels in sRGB
 */
export function openImage(source: string | Uint8Array, ignoreIcc = false): Sharp {
  return sharp(source, { limitInputPixels: MAX_IMAGE_PIXELS, ignoreIcc }).toColourspace('srgb').removeAlpha();
}

/** The same, with the size. Skips the conversion if the picture's colour profile is sRGB. */
export async function openSized(
  source: string | Uint8Array,
): Promise<{ opened: Sharp; widthPx: number; heightPx: number }> {
  const { width, height, icc } = await sharp(source, { limitInputPixels: MAX_IMAGE_PIXELS }).metadata();
  return { opened: openImage(source, isSrgbProfile(icc)), widthPx: width, heightPx: height };
}

/** The pixels of the picture, or of a part of it. */
export async function readArea(source: string | Uint8Array, area?: CropArea): Promise<Raster> {
  const { opened } = await openSized(source);
  const { data, info } = await (area ? opened.extract(area) : opened)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}
