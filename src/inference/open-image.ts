import sharp, { type Sharp } from 'sharp';

// Every picture is seen once, and the slots share the cores with the sessions.
sharp.cache(false);
sharp.concurrency(1);

/** The most that is decoded; matches the bound on uploads. */
const MAX_PIXELS = 50_000_000;

/** Three channels of 8 bits in sRGB, from a file or the bytes of one. */
export function openImage(source: string | Uint8Array): Sharp {
  return sharp(source, { limitInputPixels: MAX_PIXELS }).toColourspace('srgb').removeAlpha();
}
