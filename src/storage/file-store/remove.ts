import { rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findFolders, pruneFolders } from './folders.ts';
import { readVersion } from './version.ts';

/** Removes objects and the folders that are empty then. Answers with the keys that were there, once that is durable. */
export async function removeFiles(
  root: string,
  keys: Iterable<string> | AsyncIterable<string>,
): Promise<string[]> {
  const removed: string[] = [];
  const folders = new Set<string>();
  for await (const key of keys) {
    const path = join(root, key);
    const version = (await findFolders(root, key)) && (await readVersion(path));
    if (version) {
      // The name first: a name without bytes would be a damaged object.
      await unlink(path).catch(ignoreMissing);
      await rm(version.path, { force: true });
      removed.push(key);
      folders.add(dirname(path));
    }
  }
  for (const folder of folders) {
    await pruneFolders(root, folder);
  }
  return removed;
}

/** Removed by another at the same time. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') {
    throw error;
  }
}
