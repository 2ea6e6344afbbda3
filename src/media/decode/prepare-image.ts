import type { Sharp } from 'sharp';
import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import { MIN_IMAGE_SIDE_PX } from '../../contracts/media-limits.ts';
import { adviseOn } from '../../contracts/media-types.ts';
import { isDiskFull, PipelineError } from '../../errors.ts';
import { makeSolid } from '../picture/make-solid.ts';
import { type OpenPicture, openPicture } from '../picture/open-picture.ts';
import { type MediaField, readMediaType } from './media-type.ts';

export interface PreparedImage {
  widthPx: number;
  heightPx: number;
  /** Before it was reduced to `longSidePx`. */
  wholeWidthPx: number;
  wholeHeightPx: number;
  /** Format of the upload: `jpeg`, `png`, `webp`, `gif`, `avif` or `heic`. */
  format: string;
  /** What the user should know about the picture, as sentences. */
  warnings: string[];
}

/**
 * Decodes a picture once and writes it to a PNG: upright, 8-bit sRGB, without alpha. Transparent areas become the
 * neutral grey of the default background, so that no fringe shows there. Of an animation it is the first frame.
 * @param longSidePx larger pictures are reduced to it
 * @throws PipelineError MEDIA_UNSUPPORTED for other types; IMAGE_TOO_LARGE or IMAGE_TOO_SMALL according to its header;
 * MEDIA_UNDECODABLE if it is damaged or truncated
 */
export async function prepareImage(
  field: MediaField,
  path: string,
  pngPath: string,
  longSidePx?: number,
): Promise<PreparedImage> {
  const picture = await open(field, path);
  assertSize(field, picture);
  const { format, isAnimation } = picture;
  let failure: unknown;
  for (const read of picture.readings) {
    try {
      const sizes = await writePng(await read(), picture, pngPath, longSidePx);
      return { ...sizes, format, warnings: isAnimation ? [onlyFirstFrame(field)] : [] };
    } catch (error) {
      if (isDiskFull(error) && (await isReadable(read))) {
        throw error;
      }
      failure ??= error;
    }
  }
  throw undecodable(field, isDiskFull(failure) ? undefined : failure);
}

/** libvips reports some damaged pictures as if they could not be written. They can't be read into memory either. */
async function isReadable(read: OpenPicture['readings'][number]): Promise<boolean> {
  try {
    await (await read()).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
}

async function open(field: MediaField, path: string): Promise<OpenPicture> {
  const type = await readMediaType(field, path);
  const picture = await openPicture(path, type.format).catch((error: unknown) => {
    throw undecodable(field, error);
  });
  if (!picture) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a picture in the field ${field} with a codec of HEIC or AVIF, but received another one. ${adviseOn('picture', type)}`,
      { details: { field, found: type.format } },
    );
  }
  return picture;
}

function assertSize(field: MediaField, { widthPx, heightPx, maxPixels }: OpenPicture): void {
  const pixels = widthPx * heightPx;
  const details = { field, widthPx, heightPx };
  if (pixels > maxPixels) {
    // Rounded apart, so that the two numbers differ.
    const most = (Math.floor(maxPixels / 1e5) / 10).toFixed(1);
    const received = (Math.ceil(pixels / 1e5) / 10).toFixed(1);
    throw new PipelineError(
      'IMAGE_TOO_LARGE',
      `Expected at most ${most} megapixels for ${field}, but received ${widthPx} x ${heightPx} (${received} megapixels). Reduce its size.`,
      { details },
    );
  }
  if (Math.min(widthPx, heightPx) < MIN_IMAGE_SIDE_PX) {
    throw new PipelineError(
      'IMAGE_TOO_SMALL',
      `Expected at least ${MIN_IMAGE_SIDE_PX} pixels per side for ${field}, but received ${widthPx} x ${heightPx}. Send a larger picture.`,
      { details },
    );
  }
}

async function writePng(
  opened: Sharp,
  picture: OpenPicture,
  pngPath: string,
  longSidePx: number | undefined,
) {
  const { autoOrient: whole } = await opened.metadata();
  const upright = opened.autoOrient();
  const solid = picture.hasAlpha ? await makeSolid(upright) : upright;
  const fitted = longSidePx
    ? solid.resize({ width: longSidePx, height: longSidePx, fit: 'inside', withoutEnlargement: true })
    : solid;
  const { width, height } = await fitted
    .flatten({ background: DEFAULT_BACKGROUND })
    .toColourspace('srgb')
    .png({ compressionLevel: 1 })
    .toFile(pngPath);
  return { widthPx: width, heightPx: height, wholeWidthPx: whole.width, wholeHeightPx: whole.height };
}

function onlyFirstFrame(field: MediaField): string {
  const name = field === 'image' ? 'photo' : 'background image';
  return `The ${name} is an animation: only its first frame is used`;
}

function undecodable(field: MediaField, cause: unknown): PipelineError {
  return new PipelineError(
    'MEDIA_UNDECODABLE',
    `The picture in ${field} cannot be decoded: it is damaged or incomplete. Open it in an image editor, save it as JPEG and send that.`,
    { cause, details: { field } },
  );
}
