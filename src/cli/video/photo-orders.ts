import { glob, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import type { VideoFormat } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';

export interface PhotoOrder {
  photoPath: string;
  outPath: string;
}

/**
 * The photos that are meant, each with the file of its video. What is no file is taken as a pattern, which shells expand
 * only where it is not quoted. A single photo's `out` is a file; several have theirs by name in the folder `out`.
 *
 * @param out default: the photo's name with the format's ending in the current folder
 */
export async function toPhotoOrders(
  given: string[],
  out: string | undefined,
  format: VideoFormat = 'mp4',
): Promise<PhotoOrder[]> {
  const photos = [...new Set((await Promise.all(given.map(expand))).flat())];
  if (photos.length === 1 && !(out !== undefined && (await isFolder(out)))) {
    return [{ photoPath: photos[0]!, outPath: resolve(out ?? toVideoName(photos[0]!, format)) }];
  }
  if (out !== undefined && /\.(mp4|mov|webm)$/i.test(out)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `${photos.length} photos make as many videos: give a folder with --out, not ${out}.`,
    );
  }
  const orders = photos.map((photoPath) => ({
    photoPath,
    outPath: resolve(out ?? '.', toVideoName(photoPath, format)),
  }));
  return orders.map((order) => ({ ...order, outPath: apart(order, orders) }));
}

async function expand(given: string): Promise<string[]> {
  if (!/[*?{[]/.test(given) || (await stat(given).catch(() => undefined))) {
    return [given];
  }
  const found = (await Array.fromAsync(glob(given))).sort();
  if (found.length === 0) {
    throw new PipelineError('INPUT_INVALID', `No file fits ${given}. Give the path of a photo that exists.`);
  }
  return found;
}

/** Photos of one name and different endings or folders do not overwrite each other's videos. */
function apart({ photoPath, outPath }: PhotoOrder, all: PhotoOrder[]): string {
  const same = all.filter((other) => other.outPath === outPath);
  const index = same.findIndex((other) => other.photoPath === photoPath);
  const { dir, name, ext } = parse(outPath);
  return index === 0 ? outPath : join(dir, `${name}-${index + 1}${ext}`);
}

function toVideoName(photoPath: string, format: VideoFormat): string {
  return `${parse(photoPath).name}.${format}`;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
