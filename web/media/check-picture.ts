import { MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX } from '../../src/contracts/media-limits.ts';
import { type PictureKind, pictureKindOf } from './picture-kind.ts';

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
