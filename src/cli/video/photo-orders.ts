import { glob, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import type { VideoFormat } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';

export interface PhotoOrder {
  photoPath: string;
  outPath: string;
}

/**
 * Resolves paths and glob patterns to photos, each with the path of its video. Shells do not expand quoted patterns. For
 * one photo `out` is a file, for several a folder.
 *
 * @param out default: the name of the photo with the extension of the format, in the current folder
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
      `${photos.length} photos make ${photos.length} videos: give --out a folder, not ${out}.`,
    );
  }
  const orders = photos.map((photoPath) => ({
    photoPath,
    outPath: resolve(out ?? '.', toVideoName(photoPath, format)),
  }));
  return orders.map((order) => ({ ...order, outPath: toUniquePath(order, orders) }));
}

async function expand(given: string): Promise<string[]> {
  if (!/[*?{[]/.test(given) || (await stat(given).catch(() => undefined))) {
    return [given];
  }
  const found = (await Array.fromAsync(glob(given))).sort();
  if (found.length === 0) {
    throw new PipelineError('INPUT_INVALID', `No file matches ${given}. Give the path of an existing photo.`);
  }
  return found;
}

/** Keeps photos with the same name but other extensions or folders from sharing a path. */
function toUniquePath({ photoPath, outPath }: PhotoOrder, all: PhotoOrder[]): string {
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
