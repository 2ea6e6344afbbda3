import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findFolders, ignoreMissing, pruneFolders, syncFolder } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { readTarget } from './version.ts';

/** Objects that are removed side by side: the file system answers faster than one after another. */
const AT_ONCE = 32;

/** Removes objects and the folders that are empty then. Answers with the keys that were there, once that is durable. */
export async function removeFiles(
  { root, turns }: FileLayout,
  keys: Iterable<string> | AsyncIterable<string>,
): Promise<string[]> {
  const removed: string[] = [];
  const folders = new Set<string>();
  for await (const some of chunksOf(keys, AT_ONCE)) {
    const real = await realFoldersOf(root, some);
    const were = await Promise.all(
      some.map((key) => real.has(dirname(key)) && turns.take(key, () => removeFile(root, key))),
    );
    for (const key of some.filter((_, index) => were[index])) {
      removed.push(key);
      folders.add(dirname(join(root, key)));
    }
  }
  // Many folders are emptied for one fsync of the folder above them.
  const kept = new Set<string>();
  for (const folder of folders) {
    kept.add(await pruneFolders(root, folder));
  }
  await Promise.all([...kept].map(syncFolder));
  return removed;
}

/** Of the keys' folders those that are there, and that no link leads to: each is looked at once. */
async function realFoldersOf(root: string, keys: string[]): Promise<Set<string>> {
  const oneKeyOf = new Map(keys.map((key) => [dirname(key), key]));
  const found = await Promise.all(
    [...oneKeyOf].map(async ([folder, key]) => ((await findFolders(root, key)) ? folder : undefined)),
  );
  return new Set(found.filter((folder) => folder !== undefined));
}

async function removeFile(root: string, key: string): Promise<boolean> {
  const path = join(root, key);
  const target = await readTarget(path);
  if (!target) {
    return false;
  }
  // The name first: a name without bytes would be a damaged object.
  await unlink(path).catch(ignoreMissing);
  await unlink(join(dirname(path), target)).catch(ignoreMissing);
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
