import { MAX_HALVED_PIXELS, MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX } from '../../src/contracts/media-limits.ts';
import { detectMediaType, MEDIA_HEAD_BYTES, type MediaType } from '../../src/contracts/media-types.ts';
import { decodeHeic } from './decode-heic.ts';

export type PictureFault =
  | 'empty'
  | 'tooLarge'
  | 'unsupported'
  | 'damaged'
  | 'tooManyPixels'
  | 'tooFewPixels';

/** Formats that every browser decodes. If it can't, the file is damaged. */
const DECODED_EVERYWHERE = ['jpeg', 'png', 'webp', 'gif'];

export interface RefusedPicture {
  fault: PictureFault;
  name: string;
  maxBytes: number;
  /** Undefined if it is unknown. */
  type?: MediaType | undefined;
}

export interface CheckedPicture {
  /** Set if the server would reject it too. */
  refused?: RefusedPicture;
  /** Missing if the picture is refused, or if only the server may be able to read it. The caller closes it. */
  whole?: ImageBitmap;
  /** Whether it has several frames, of which the first is used. */
  isAnimation?: boolean;
}

/** Checks a picture before it is uploaded, by the same table of types as the server. */
export async function checkPicture(file: Blob, name: string, maxBytes: number): Promise<CheckedPicture> {
  const type = detectMediaType(new Uint8Array(await file.slice(0, MEDIA_HEAD_BYTES).arrayBuffer()));
  const refuse = (fault: PictureFault): CheckedPicture => ({ refused: { fault, name, maxBytes, type } });
  if (file.size === 0) return refuse('empty');
  if (file.size > maxBytes) return refuse('tooLarge');
  if (type?.kind !== 'picture' || !type.isAccepted) return refuse('unsupported');
  const whole = await decode(file, type.format);
  if (!whole) return DECODED_EVERYWHERE.includes(type.format) ? refuse('damaged') : {};
  const fault = findSizeFault(whole, type.format);
  if (fault) {
    whole.close();
    return refuse(fault);
  }
  return { whole, isAnimation: await isAnimated(file, type) };
}

async function decode(file: Blob, format: string): Promise<ImageBitmap | undefined> {
  const decoded = await createImageBitmap(file).catch(() => undefined);
  return decoded ?? (format === 'heic' ? await decodeHeic(file) : undefined);
}

function findSizeFault({ width, height }: ImageBitmap, format: string): PictureFault | undefined {
  const maxPixels = format === 'jpeg' ? MAX_HALVED_PIXELS : MAX_IMAGE_PIXELS;
  if (width * height > maxPixels) return 'tooManyPixels';
  return Math.min(width, height) < MIN_IMAGE_SIDE_PX ? 'tooFewPixels' : undefined;
}

/** Not known in browsers without `ImageDecoder`. The result of the task says it as well. */
async function isAnimated(file: Blob, { mimes }: MediaType): Promise<boolean> {
  if (!('ImageDecoder' in window) || !(await ImageDecoder.isTypeSupported(mimes[0]!))) {
    return false;
  }
  const decoder = new ImageDecoder({ data: file.stream(), type: mimes[0]! });
  try {
    await decoder.tracks.ready;
    return decoder.tracks.selectedTrack?.animated === true;
  } catch {
    return false;
  } finally {
    decoder.close();
  }
}
