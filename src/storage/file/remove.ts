import { readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignoreMissing } from '../../errors.ts';
import { lastChange, removeOld, removeOldIn } from '../remove-old.ts';
import { findFolders, pruneFolders, syncFolder } from './folders.ts';
import { type FileLayout, MAX_CONCURRENT } from './layout.ts';
import { parseVersionName, readTarget } from './version.ts';

/** Removes objects and the folders they leave empty. Returns the keys that existed, once their removal is durable. */
export async function removeFiles(
  layout: FileLayout,
  keys: Iterable<string> | AsyncIterable<string>,
): Promise<string[]> {
  const { root, names } = layout;
  const removed: string[] = [];
  const folders = new Set<string>();
  for await (const some of chunksOf(keys, MAX_CONCURRENT)) {
    const real = await realFoldersOf(root, some);
    const were = await Promise.all(
      some.map((key) => real.has(dirname(key)) && names.run(key, () => removeFile(layout, key))),
    );
    for (const key of some.filter((_, index) => were[index])) {
      removed.push(key);
      folders.add(dirname(join(root, key)));
    }
  }
  // Many empty folders share one fsync of the folder above them.
  const kept = new Set<string>();
  for (const folder of folders) {
    kept.add(await pruneFolders(root, folder));
  }
  await Promise.all([...kept].map(syncFolder));
  return removed;
}

/** The keys' folders that exist and have no link on their path. Looks at each folder once. */
async function realFoldersOf(root: string, keys: string[]): Promise<Set<string>> {
  const oneKeyOf = new Map(keys.map((key) => [dirname(key), key]));
  const found = await Promise.all(
    [...oneKeyOf].map(async ([folder, key]) => ((await findFolders(root, key)) ? folder : undefined)),
  );
  return new Set(found.filter((folder) => folder !== undefined));
}

async function removeFile({ root, guard }: FileLayout, key: string): Promise<boolean> {
  const path = join(root, key);
  const target = await readTarget(path);
  if (!target) {
    return false;
  }
  guard();
  // The name first: a name without bytes would be a damaged object.
  await ignoreMissing(unlink(path));
  await ignoreMissing(unlink(join(dirname(path), target)));
  return true;
}

async function* chunksOf(
  keys: Iterable<string> | AsyncIterable<string>,
  size: number,
): AsyncGenerator<string[]> {
  let chunk: string[] = [];
  for await (const key of keys) {
    chunk.push(key);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  yield chunk;
}

/**
 * Removes what dead writers left: files and folders in the scratch area, versions without a name, and empty folders. Only
 * age distinguishes them from work in progress, so `olderThanMs` must exceed the longest job.
 *
 * @returns the removed paths
 */
export async function sweepFiles({ root, scratch }: FileLayout, olderThanMs: number): Promise<string[]> {
  const before = Date.now() - olderThanMs;
  return [...(await removeOldIn(scratch, before)), ...(await sweepFolder(root, root, before))];
}

async function sweepFolder(root: string, folder: string, before: number): Promise<string[]> {
  // Read first: removing something below changes the time of the folder.
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
  for (let start = 0; start < names.length; start += MAX_CONCURRENT) {
    const some = names.slice(start, start + MAX_CONCURRENT);
    const targets = some.map(({ name }) => readTarget(join(folder, name)));
    for (const target of await Promise.all(targets)) named.add(target);
  }
  const unnamed = versions.filter(({ name }) => !named.has(name)).map(({ name }) => join(folder, name));
  removed.push(...(await removeOld(unnamed, before)));
  if (folder !== root && isOld) {
    await syncFolder(await pruneFolders(root, folder));
  }
  return removed;
}
