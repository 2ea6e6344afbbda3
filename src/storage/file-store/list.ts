import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredObject } from '../../contracts/job.ts';
import { isKeySegment } from '../object-key.ts';
import { findFolders } from './folders.ts';
import { statFile } from './stat.ts';

/** Holds the names of one folder a level, however many objects there are. */
export async function* listFiles(
  root: string,
  prefix: string,
): AsyncGenerator<StoredObject & { modifiedAt: Date }> {
  if (!(await findFolders(root, prefix))) {
    return;
  }
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  for (const key of await namesIn(root, parent)) {
    if (key.startsWith(prefix)) {
      if (key.endsWith('/')) {
        yield* listFiles(root, key);
        continue;
      }
      const object = await statFile(root, key);
      if (object) {
        yield object;
      }
    }
  }
}

/** Keys and, with their slash, folders: sorted like this they come in the order of keys, `a-1` before `a/1`. */
async function namesIn(root: string, parent: string): Promise<string[]> {
  const entries = await readdir(join(root, parent), { withFileTypes: true }).catch(ignoreMissing);
  return entries
    .filter((entry) => isKeySegment(entry.name))
    .map((entry) => `${parent}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort();
}

/** Deleted while it was listed. */
function ignoreMissing(error: NodeJS.ErrnoException): [] {
  if (error.code !== 'ENOENT') {
    throw error;
  }
  return [];
}
