import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pruneFolders, syncFolder } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { parseVersionName, readTarget } from './version.ts';

/** Names that are looked at side by side. */
const AT_ONCE = 32;

/**
 * Removes what writers left that died: files and folders of the scratch area, versions that no name points to, and empty
 * folders. Age is all that tells them from the work of the living, so it is to exceed the longest job.
 *
 * @returns the paths that were removed
 */
export async function sweepFiles({ root, scratch }: FileLayout, olderThanMs: number): Promise<string[]> {
  const before = Date.now() - olderThanMs;
  return [...(await sweepScratch(scratch, before)), ...(await sweepFolder(root, root, before))];
}

async function sweepScratch(scratch: string, before: number): Promise<string[]> {
  const paths = (await readdir(scratch)).map((name) => join(scratch, name));
  return removeOld(paths, before);
}

async function sweepFolder(root: string, folder: string, before: number): Promise<string[]> {
  // What is removed below changes it.
  const isOld = (await lastChange(folder)) < before;
  const removed: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) {
      removed.push(...(await sweepFolder(root, join(folder, entry.name), before)));
    }
  }
  const versions = entries.filter((entry) => entry.isFile() && parseVersionName(entry.name));
  const named = new Set<string | undefined>();
  const names = versions.length > 0 ? entries.filter((entry) => entry.isSymbolicLink()) : [];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE).map(({ name }) => readTarget(join(folder, name)));
    for (const target of await Promise.all(some)) named.add(target);
  }
  const unnamed = versions.filter(({ name }) => !named.has(name)).map(({ name }) => join(folder, name));
  removed.push(...(await removeOld(unnamed, before)));
  if (folder !== root && isOld) {
    await syncFolder(await pruneFolders(root, folder));
  }
  return removed;
}

async function removeOld(paths: string[], before: number): Promise<string[]> {
  const removed: string[] = [];
  for (const path of paths) {
    if ((await lastChange(path)) < before) {
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}

/** Written to, moved, or (a folder) given a new entry. A path that is gone counts as just changed. */
async function lastChange(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  return stats ? Math.max(stats.mtimeMs, stats.ctimeMs) : Number.POSITIVE_INFINITY;
}
