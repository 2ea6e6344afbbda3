import { rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findFolders, pruneFolders } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { readVersion } from './version.ts';

/** Removes objects and the folders that are empty then. Answers with the keys that were there, once that is durable. */
export async function removeFiles(
  { root, turns }: FileLayout,
  keys: Iterable<string> | AsyncIterable<string>,
): Promise<string[]> {
  const removed: string[] = [];
  const folders = new Set<string>();
  for await (const key of keys) {
    if (await turns.take(key, () => removeFile(root, key))) {
      removed.push(key);
      folders.add(dirname(join(root, key)));
    }
  }
  for (const folder of folders) {
    await pruneFolders(root, folder);
  }
  return removed;
}

async function removeFile(root: string, key: string): Promise<boolean> {
  const path = join(root, key);
  const version = (await findFolders(root, key)) && (await readVersion(path));
  if (!version) {
    return false;
  }
  // The name first: a name without bytes would be a damaged object.
  await unlink(path).catch(ignoreMissing);
  await rm(version.path, { force: true });
  return true;
}

/** Removed by another at the same time. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') {
    throw error;
  }
}
