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

/** Kinds that every browser reads: where it cannot, the file is at fault. */
const READ_EVERYWHERE: PictureKind[] = ['jpeg', 'png', 'webp'];

export interface RefusedPicture {
  fault: PictureFault;
  name: string;
  mostBytes: number;
}

export interface CheckedPicture {
  /** What the server would refuse as well. */
  refused?: RefusedPicture;
  /** Nothing where it is refused, and where this browser does not read the kind and the server may. The caller closes it. */
  whole?: ImageBitmap;
}

/** Looks at a picture before anything is sent. */
export async function checkPicture(file: Blob, name: string, mostBytes: number): Promise<CheckedPicture> {
  const { fault, whole } = await findFault(file, mostBytes);
  if (!fault) return { ...(whole && { whole }) };
  whole?.close();
  return { refused: { fault, name, mostBytes } };
}

async function findFault(
  file: Blob,
  mostBytes: number,
): Promise<{ fault?: PictureFault | undefined; whole?: ImageBitmap }> {
  if (file.size === 0) return { fault: 'empty' };
  if (file.size > mostBytes) return { fault: 'tooLarge' };
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
