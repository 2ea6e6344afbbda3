import { pack, type Texture } from './texture.ts';

/**
 * Cuts the person out as a premultiplied texture. Drawn over the plate, it gives the portrait again: the plate's share
 * according to the mask is subtracted from the portrait's colours.
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
  // If the portrait is darker than the plate's share, it has less of the plate in it than the mask says.
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

/** Share of the plate behind an alpha of 0 to 255, in 1/256, exact at both ends. */
function transmittance(alpha: number): number {
  return 256 - alpha - (alpha >>> 7);
}
