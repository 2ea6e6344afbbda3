import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject } from '../../ports/object-store.ts';
import { isKeySegment } from '../object-key.ts';
import { findFolders } from './folders.ts';
import { readVersion } from './version.ts';

/** Names that are looked at side by side: the file system answers faster than one after another. */
const AT_ONCE = 32;

/** Holds the names of one folder a level, however many objects there are. */
export async function* listFiles(root: string, prefix: string, after = ''): AsyncGenerator<ListedObject> {
  if (!(await findFolders(root, prefix))) {
    return;
  }
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const names = (await namesIn(root, parent)).filter(
    (name) => name.startsWith(prefix) && (name.endsWith('/') ? mayHoldAfter(name, after) : name > after),
  );
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE);
    const objects = await Promise.all(
      some.map((name) => (name.endsWith('/') ? undefined : readVersion(join(root, name)))),
    );
    for (const [index, key] of some.entries()) {
      const object = objects[index];
      if (key.endsWith('/')) {
        yield* listFiles(root, key, after);
      } else if (object) {
        yield { key, bytes: object.bytes, modifiedAt: object.modifiedAt };
      }
    }
  }
}

/** Whether a folder may have keys that come after the given one. */
function mayHoldAfter(folder: string, after: string): boolean {
  return folder > after || after.startsWith(folder);
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
