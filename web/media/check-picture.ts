import { MAX_HALVED_PIXELS, MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX } from '../../src/contracts/media-limits.ts';
import type { MediaType } from '../../src/contracts/media-types.ts';
import { decodeHeic } from './decode-heic.ts';
import { mediaTypeOf } from './media-type.ts';

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
  /** A JPEG to show it by, if an `<img>` of this browser can't show the file itself. */
  shown?: Blob;
  /** Whether it has several frames, of which the first is used. */
  isAnimation?: boolean;
}

/** Checks a picture before it is uploaded, by the same table of types as the server. */
export async function checkPicture(file: Blob, name: string, maxBytes: number): Promise<CheckedPicture> {
  const type = await mediaTypeOf(file);
  const refuse = (fault: PictureFault): CheckedPicture => ({ refused: { fault, name, maxBytes, type } });
  if (file.size === 0) return refuse('empty');
  if (file.size > maxBytes) return refuse('tooLarge');
  if (type?.kind !== 'picture' || !type.isAccepted) return refuse('unsupported');
  const { whole, isForeign = false } = await decode(file, type.format);
  if (!whole) return DECODED_EVERYWHERE.includes(type.format) ? refuse('damaged') : {};
  const fault = findSizeFault(whole, type.format);
  if (fault) {
    whole.close();
    return refuse(fault);
  }
  const shown = isForeign && (await toJpeg(whole));
  return { whole, isAnimation: await isAnimated(file, type), ...(shown && { shown }) };
}

interface Decoded {
  whole?: ImageBitmap | undefined;
  /** Whether something else than the browser decoded it. */
  isForeign?: boolean;
}

async function decode(file: Blob, format: string): Promise<Decoded> {
  const whole = await createImageBitmap(file).catch(() => undefined);
  if (whole) return { whole };
  if (format === 'heic') return { whole: await decodeHeic(file), isForeign: true };
  return format === 'jpeg' ? { whole: await decodeWithoutEnd(file) } : {};
}

/** Longest side of a picture that is only shown. */
const SHOWN_PX = 1600;

async function toJpeg(picture: ImageBitmap): Promise<Blob> {
  const scale = Math.min(1, SHOWN_PX / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
}

/** End of image. */
const EOI = Uint8Array.of(0xff, 0xd9);

/** Decodes a JPEG that lacks only its end marker, which the server accepts, too. */
async function decodeWithoutEnd(file: Blob): Promise<ImageBitmap | undefined> {
  const decoded = await createImageBitmap(new Blob([file, EOI])).catch(() => undefined);
  if (decoded && (await endsInGrey(decoded))) {
    decoded.close();
    return undefined;
  }
  return decoded;
}

/** Decoders fill what is missing at the bottom with the middle of their range. */
async function endsInGrey(picture: ImageBitmap): Promise<boolean> {
  const strip = new OffscreenCanvas(picture.width, 1);
  const context = strip.getContext('2d')!;
  context.drawImage(picture, 0, 1 - picture.height);
  const { data } = context.getImageData(0, 0, strip.width, 1);
  return data.every((value, index) => index % 4 === 3 || Math.abs(value - 128) <= 1);
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
    // Before, a GIF counts as animated whatever its number of frames.
    await decoder.completed;
    return (decoder.tracks.selectedTrack?.frameCount ?? 1) > 1;
  } catch {
    return false;
  } finally {
    decoder.close();
  }
}
