import { isSrgbProfile } from '../../contracts/colour-profile.ts';
import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import { MAX_IMAGE_PIXELS, MIN_IMAGE_SIDE_PX } from '../../contracts/media-limits.ts';
import { PipelineError } from '../../errors.ts';
import { sharp } from '../picture/image-library.ts';
import type { MediaField } from './media-type.ts';

interface PreparedImage {
  widthPx: number;
  heightPx: number;
  /** Format of the upload: `jpeg`, `png`, `webp`, `avif` or `heic`. */
  format: string;
}

/**
 * Decodes a picture once and writes it to a PNG: upright, 8-bit sRGB, without alpha. Transparent areas become the
 * neutral grey of the default background, so that no fringe shows there.
 * @throws PipelineError IMAGE_TOO_LARGE or IMAGE_TOO_SMALL according to its header; MEDIA_UNSUPPORTED for animations and
 * HEIC; MEDIA_UNDECODABLE if it is damaged or truncated
 */
export async function prepareImage(field: MediaField, path: string, pngPath: string): Promise<PreparedImage> {
  const { format, isSrgb } = await readHeader(field, path);
  const options = { limitInputPixels: MAX_IMAGE_PIXELS, failOn: 'warning', ignoreIcc: isSrgb } as const;
  try {
    const { width, height } = await sharp(path, options)
      .autoOrient()
      .flatten({ background: DEFAULT_BACKGROUND })
      .toColourspace('srgb')
      .png({ compressionLevel: 1 })
      .toFile(pngPath);
    return { widthPx: width, heightPx: height, format };
  } catch (error) {
    throw undecodable(field, error);
  }
}

async function readHeader(field: MediaField, path: string): Promise<{ format: string; isSrgb: boolean }> {
  const header = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw undecodable(field, error);
    });
  const { width, height, pages = 1, compression, icc } = header;
  const format = header.format === 'heif' ? (compression === 'hevc' ? 'heic' : 'avif') : header.format;
  const details = { field, widthPx: width, heightPx: height };

  if (width * height > MAX_IMAGE_PIXELS) {
    throw new PipelineError(
      'IMAGE_TOO_LARGE',
      `Expected at most 50 megapixels for ${field}, but received ${width} x ${height} (${Math.round((width * height) / 1e6)} megapixels). Reduce its size.`,
      { details },
    );
  }
  if (Math.min(width, height) < MIN_IMAGE_SIDE_PX) {
    throw new PipelineError(
      'IMAGE_TOO_SMALL',
      `Expected at least ${MIN_IMAGE_SIDE_PX} pixels per side for ${field}, but received ${width} x ${height}. Send a larger picture.`,
      { details },
    );
  }
  if (format === 'webp' && pages > 1) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a still picture for ${field}, but received an animation of ${pages} frames. Save one frame as JPEG and send that.`,
      { details },
    );
  }
  return { format, isSrgb: isSrgbProfile(icc) };
}

function undecodable(field: MediaField, cause: unknown): PipelineError {
  return new PipelineError(
    'MEDIA_UNDECODABLE',
    `The picture in ${field} cannot be decoded: it is damaged or incomplete. Open it in an image editor, save it as JPEG and send that.`,
    { cause, details: { field } },
  );
}
