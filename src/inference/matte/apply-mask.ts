import { type Raster, resize } from '../image/raster.ts';
import { GRID_PX } from './mask-grid.ts';
import type { PersonMask } from './person-mask.ts';

/** The alpha of one person out of everybody's. */
export async function applyMask(everybody: Raster, { keep, fill }: PersonMask): Promise<Raster> {
  const toSize = (bytes: Uint8Array) =>
    resize(
      { bytes, widthPx: GRID_PX, heightPx: GRID_PX, channels: 1 },
      everybody.widthPx,
      everybody.heightPx,
    );
  const [kept, filled] = await Promise.all([toSize(keep), toSize(fill)]);
  const bytes = new Uint8Array(everybody.bytes.length);
  for (let pixel = 0; pixel < bytes.length; pixel += 1) {
    bytes[pixel] = Math.max((everybody.bytes[pixel]! * kept.bytes[pixel]!) / 255, filled.bytes[pixel]!);
  }
  return { ...everybody, bytes };
}
