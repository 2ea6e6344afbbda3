import type { Raster } from '../../../inference/image/raster.ts';

/** The person is compared on a grid of this many rows. */
const ROWS = 256;
const PERSON = 127;
/** Neighbours that differ by more, in any colour, are not of one flat area. */
const FLAT = 1;
/** Share of flat neighbours in a drawing. At most .48 in 99 of 100 photos. */
const DRAWN = 0.55;

/** Below this mean of the brightest channel, of 255, everything is flat. */
const DARK = 40;

/** Whether the person in the mask is drawn: in flat areas of one colour. */
export function isDrawing(portrait: Raster, mask: Uint8Array): boolean {
  const { bytes, widthPx, heightPx } = portrait;
  const step = Math.max(1, Math.round(personRows(mask, widthPx) / ROWS));
  let [pairs, flat, light] = [0, 0, 0];
  for (let y = 0; y < heightPx; y += step) {
    for (let x = step; x < widthPx; x += step) {
      const [pixel, left] = [y * widthPx + x, y * widthPx + x - step];
      if (mask[pixel]! > PERSON && mask[left]! > PERSON) {
        pairs += 1;
        light += Math.max(bytes[3 * pixel]!, bytes[3 * pixel + 1]!, bytes[3 * pixel + 2]!);
        flat += isFlat(bytes, 3 * pixel, 3 * left) ? 1 : 0;
      }
    }
  }
  return light > DARK * pairs && flat > DRAWN * pairs;
}

function isFlat(bytes: Uint8Array, a: number, b: number): boolean {
  return [0, 1, 2].every((channel) => Math.abs(bytes[a + channel]! - bytes[b + channel]!) <= FLAT);
}

function personRows(mask: Uint8Array, widthPx: number): number {
  const isPerson = (value: number) => value > PERSON;
  return Math.ceil((mask.findLastIndex(isPerson) - Math.max(0, mask.findIndex(isPerson))) / widthPx);
}
