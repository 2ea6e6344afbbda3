import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '../errors.ts';

/** Removes the old files and folders in a folder. Returns their paths. */
export async function removeOldIn(folder: string, before: number): Promise<string[]> {
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  return removeOld(paths, before);
}

/** @param before Unix time in ms: paths that changed later stay. Returns the removed paths. */
export async function removeOld(paths: string[], before: number): Promise<string[]> {
  const removed: string[] = [];
  for (const path of paths) {
    if ((await lastChange(path)) < before) {
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}

/** When it was written to or moved, or when an entry of the folder changed. A missing path counts as just changed. */
export async function lastChange(path: string): Promise<number> {
  const stats = await ignoreMissing(lstat(path));
  return stats ? Math.max(stats.mtimeMs, stats.ctimeMs) : Number.POSITIVE_INFINITY;
}
