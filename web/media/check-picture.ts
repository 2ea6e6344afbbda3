import { MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX } from '../../src/contracts/media-limits.ts';

type PictureKind = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'animation';

const HEAD_BYTES = 64;
/** Flag in the header of an extended WebP file. */
const WEBP_ANIMATED = 0x02;
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

export type PictureFault =
  | 'empty'
  | 'tooLarge'
  | 'unreadable'
  | 'heic'
  | 'animation'
  | 'damaged'
  | 'tooManyPixels'
  | 'tooFewPixels';

/** Formats that every browser reads. If it can't, the file is damaged. */
const READ_EVERYWHERE: PictureKind[] = ['jpeg', 'png', 'webp'];

export interface RefusedPicture {
  fault: PictureFault;
  name: string;
  maxBytes: number;
}

export interface CheckedPicture {
  /** Set if the server would reject it too. */
  refused?: RefusedPicture;
  /** Missing if the picture is refused, or if only the server may be able to read it. The caller closes it. */
  whole?: ImageBitmap;
}

/** Checks a picture before it is uploaded. */
export async function checkPicture(file: Blob, name: string, maxBytes: number): Promise<CheckedPicture> {
  const { fault, whole } = await findFault(file, maxBytes);
  if (!fault) return { ...(whole && { whole }) };
  whole?.close();
  return { refused: { fault, name, maxBytes } };
}

async function findFault(
  file: Blob,
  maxBytes: number,
): Promise<{ fault?: PictureFault | undefined; whole?: ImageBitmap }> {
  if (file.size === 0) return { fault: 'empty' };
  if (file.size > maxBytes) return { fault: 'tooLarge' };
  const kind = await pictureKindOf(file);
  if (kind === undefined) return { fault: 'unreadable' };
  if (kind === 'heic' || kind === 'animation') return { fault: kind };
  const whole = await createImageBitmap(file).catch(() => undefined);
  if (!whole) return READ_EVERYWHERE.includes(kind) ? { fault: 'damaged' } : {};
  const { width, height } = whole;
  const fault =
    width * height > MAX_IMAGE_PIXELS
      ? 'tooManyPixels'
      : Math.min(width, height) < MIN_IMAGE_SIDE_PX
        ? 'tooFewPixels'
        : undefined;
  return { fault, whole };
}

/** Detects the format by the first bytes, not by the name. Undefined if it is unknown. */
async function pictureKindOf(file: Blob): Promise<PictureKind | undefined> {
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
