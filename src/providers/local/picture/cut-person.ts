import { pack, type Texture } from './texture.ts';

/**
 * The person as a premultiplied texture, such that the person over the plate is the portrait again: what the mask gives
 * to the plate is taken from the portrait's colours.
 */
export function cutPerson(portrait: Texture, plate: Texture, mask: Uint8Array): Texture {
  const pixels = portrait.pixels.map((pixel, i) => {
    const alpha = mask[i]!;
    const behind = plate.pixels[i]!;
    const rest = transmittance(alpha);
    const own = (shift: number) => {
      const plateShare = (((behind >>> shift) & 255) * rest + 128) >>> 8;
      return Math.max(0, ((pixel >>> shift) & 255) - plateShare);
    };
    return alpha === 0 ? 0 : pack(own(0), own(8), own(16), alpha);
  });
  return { ...portrait, pixels };
}

/** How much of the plate an alpha of 0 to 255 lets through, in 256ths: exact at both ends. */
export function transmittance(alpha: number): number {
  return 256 - alpha - (alpha >>> 7);
}
