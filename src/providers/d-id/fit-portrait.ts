import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../errors.ts';
import { sharp } from '../../media/picture/image-library.ts';
import { IMAGE_LIMITS } from './limits.ts';

/** From hardly visible to clearly: the first that fits is taken. */
const QUALITIES = [95, 85, 70, 50];

export interface FittedFile {
  path: string;
  type: string;
  /** At most 50 characters of `a-z A-Z 0-9 . _ -`. */
  name: string;
}

/** The picture as D-ID takes it: the file itself where it fits, else a JPEG in `folder`, as large as may be. */
export async function fitPortrait(path: string, folder: string): Promise<FittedFile> {
  const { width, height, format } = await sharp(path).metadata();
  const { size } = await stat(path);
  const fitted = fitSize(width, height);
  const fits = fitted.width === width && fitted.height === height && size <= IMAGE_LIMITS.bytes;
  if (fits && (format === 'png' || format === 'jpeg')) {
    return { path, type: `image/${format}`, name: `portrait.${format === 'png' ? 'png' : 'jpg'}` };
  }
  const target = join(folder, 'portrait.jpg');
  const resized = sharp(path).resize(fitted.width, fitted.height, { fit: 'fill' });
  for (const quality of QUALITIES) {
    const { size: bytes } = await resized.clone().jpeg({ quality }).toFile(target);
    if (bytes <= IMAGE_LIMITS.bytes) {
      return { path: target, type: 'image/jpeg', name: 'portrait.jpg' };
    }
  }
  throw new PipelineError(
    'IMAGE_TOO_LARGE',
    `Expected a picture that fits in ${IMAGE_LIMITS.bytes / 1e6} MB for D-ID, but ${width} x ${height} pixels do not. Use a smaller photo.`,
  );
}

/** Down to the most pixels, or up to the least side. */
function fitSize(width: number, height: number): { width: number; height: number } {
  const down = Math.sqrt(IMAGE_LIMITS.pixels / (width * height));
  if (down < 1) {
    return { width: Math.floor(width * down), height: Math.floor(height * down) };
  }
  const up = Math.max(1, IMAGE_LIMITS.minSidePx / Math.min(width, height));
  return { width: Math.ceil(width * up), height: Math.ceil(height * up) };
}
