export type PictureKind = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'animation';

const HEAD_BYTES = 64;
/** Flag in the header of an extended WebP file. */
const WEBP_ANIMATED = 0x02;
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** Detects the format by the first bytes, not by the name. Undefined if it is unknown. */
export async function pictureKindOf(file: Blob): Promise<PictureKind | undefined> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n')) return 'png';
  if (text.startsWith('GIF8')) return 'animation';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) {
    return text.startsWith('VP8X', 12) && (head[20]! & WEBP_ANIMATED) !== 0 ? 'animation' : 'webp';
  }
  if (!text.startsWith('ftyp', 4)) return undefined;
  const boxBytes = new DataView(head.buffer).getUint32(0);
  const brands = text.slice(8, boxBytes).match(/.{4}/gs) ?? [];
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  return brands.some((brand) => HEIC_BRANDS.includes(brand)) ? 'heic' : undefined;
}
