import type { Sharp } from 'sharp';
import { MAX_IMAGE_PIXELS } from '../../contracts/media-limits.ts';
import { sharp } from './image-library.ts';

/**
 * Makes people solid who are half transparent: the opacity that the most solid quarter of a picture reaches becomes full
 * opacity. In a cutout of a solid person that is full already, and soft edges and shadows stay as they are.
 */
export async function makeSolid(picture: Sharp): Promise<Sharp> {
  const { data, info } = await picture.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const opacity = findOpacity(data);
  for (let at = 3; opacity < OPAQUE && at < data.length; at += 4) {
    data[at] = Math.min(OPAQUE, Math.round((data[at]! * OPAQUE) / opacity));
  }
  return sharp(data, { limitInputPixels: MAX_IMAGE_PIXELS, raw: { width, height, channels } });
}

const OPAQUE = 255;
const SOLID_PART = 0.25;

/** The lowest opacity in the most solid quarter of what is visible. Opaque if nothing is. */
function findOpacity(rgba: Buffer): number {
  const counts = new Uint32Array(OPAQUE + 1);
  for (let at = 3; at < rgba.length; at += 4) {
    counts[rgba[at]!]! += 1;
  }
  const visible = rgba.length / 4 - counts[0]!;
  let opacity = OPAQUE;
  for (let solid = counts[OPAQUE]!; solid < visible * SOLID_PART; solid += counts[opacity]!) {
    opacity -= 1;
  }
  return opacity;
}
