import { pack, type Texture } from './texture.ts';

/**
 * The person as a premultiplied texture, such that the person over the plate is the portrait again: what the mask gives
 * to the plate is taken from the portrait's colours.
 */
export function cutPerson(portrait: Texture, plate: Texture, mask: Uint8Array): Texture {
  const pixels = new Uint32Array(portrait.pixels.length);
  for (let i = 0; i < pixels.length; i += 1) {
    if (mask[i]! > 0) {
      pixels[i] = cutPixel(portrait.pixels[i]!, plate.pixels[i]!, mask[i]!);
    }
  }
  return { ...portrait, pixels };
}

function cutPixel(seen: number, behind: number, alpha: number): number {
  // A portrait that is darker than the plate's share has less of the plate in it than the mask says.
  let rest = transmittance(alpha);
  for (let shift = 0; shift < 24; shift += 8) {
    rest = Math.min(
      rest,
      Math.floor((((seen >>> shift) & 255) * 256) / Math.max(1, (behind >>> shift) & 255)),
    );
  }
  const covering = rest === transmittance(alpha) ? alpha : 255 - rest;
  const own = (shift: number) => {
    const fromPlate = (((behind >>> shift) & 255) * transmittance(covering) + 128) >>> 8;
    return Math.max(0, ((seen >>> shift) & 255) - fromPlate);
  };
  return pack(own(0), own(8), own(16), covering);
}

/** How much of the plate an alpha of 0 to 255 lets through, in 256ths: exact at both ends. */
function transmittance(alpha: number): number {
  return 256 - alpha - (alpha >>> 7);
}
