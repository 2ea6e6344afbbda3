/** Folders of the file store. Links are never followed; creating and removing a folder is durable. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignoreFailure, ignoreMissing } from '../../errors.ts';
import { invalidKey } from '../object-key.ts';

/** Folders whose own names this process has made durable: another name in one of them costs a single fsync. */
const durable = new Set<string>();
const MAX_DURABLE = 10_000;

/**
 * The folders from the root down to the one with the key. Undefined if one is missing or isn't a real folder: a link
 * below the root must not lead out of it.
 */
export async function findFolders(root: string, key: string): Promise<string[] | undefined> {
  const folders = foldersOf(root, key);
  return (await lookAt(folders.at(-1)!)) === 'real' ? folders : undefined;
}

/** Like `findFolders`, but creates missing folders. @throws PipelineError OBJECT_KEY_INVALID if a file or link is in the way */
export async function makeFolders(root: string, key: string): Promise<string[]> {
  const folders = foldersOf(root, key);
  const inTheWay = () => invalidKey(key, 'only folders before the last "/"');
  // Search upwards for one that exists, then create downwards: nothing is created below a link.
  const missing: string[] = [];
  for (const folder of folders.toReversed()) {
    const what = await lookAt(folder);
    if (what === 'other') throw inTheWay();
    if (what === 'real') break;
    missing.unshift(folder);
  }
  for (const folder of missing) {
    try {
      await mkdir(folder);
      durable.delete(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
      // Missing if another process removed it because it is empty. The caller notices when it uses the folder.
      const now = await ignoreMissing(lstat(folder));
      if (now?.isDirectory() === false) throw inTheWay();
    }
  }
  return folders;
}

/**
 * Removes the folder and its parents as long as they are empty, but never the root.
 *
 * @returns the first folder that is left; its fsync makes the removals durable
 */
export async function pruneFolders(root: string, folder: string): Promise<string> {
  let kept = folder;
  while (kept !== root && (await removeIfEmpty(kept))) {
    kept = dirname(kept);
  }
  return kept;
}

/**
 * Makes the names in the last folder of each path durable, and the names of the folders themselves unless they are known
 * to be.
 *
 * @param paths each from the root down
 */
export async function syncFolders(paths: string[][]): Promise<void> {
  const fresh = new Set(
    paths.flatMap((folders) => folders.slice(1)).filter((folder) => !durable.has(folder)),
  );
  const changed = new Set([
    ...paths.map((folders) => folders.at(-1)!),
    ...[...fresh].map((folder) => dirname(folder)),
  ]);
  await Promise.all([...changed].map(syncFolder));
  if (durable.size > MAX_DURABLE) {
    durable.clear();
  }
  for (const folder of fresh) {
    durable.add(folder);
  }
}

interface Syncs {
  running: Promise<void>;
  next?: Promise<void>;
}

const syncing = new Map<string, Syncs>();

/**
 * Makes the names in the folder durable; a removed folder has none. A running fsync may miss names written since it
 * began, so all calls during one share the next.
 */
export function syncFolder(folder: string): Promise<void> {
  const syncs = syncing.get(folder);
  if (!syncs) {
    return beginSync(folder);
  }
  syncs.next ??= ignoreFailure(syncs.running, 'its own callers handle it').then(() => beginSync(folder));
  return syncs.next;
}

function beginSync(folder: string): Promise<void> {
  const syncs: Syncs = { running: syncNow(folder) };
  syncing.set(folder, syncs);
  const end = () => {
    if (!syncs.next) syncing.delete(folder);
  };
  syncs.running.then(end, end);
  return syncs.running;
}

async function syncNow(folder: string): Promise<void> {
  await using handle = await ignoreMissing(open(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  await handle?.sync();
}

function foldersOf(root: string, key: string): string[] {
  const segments = key.split('/').slice(0, -1);
  return [root, ...segments.map((_, index) => join(root, ...segments.slice(0, index + 1)))];
}

/** Takes one system call at any depth. `other`: a file, a link, or a folder behind a link. */
async function lookAt(folder: string): Promise<'real' | 'missing' | 'other'> {
  try {
    // The dot requires a folder. A different real path means there is a link on the way.
    return (await realpath(`${folder}/.`)) === folder ? 'real' : 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    if (code === 'ENOTDIR' || code === 'ELOOP') return 'other';
    throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    durable.delete(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return true;
    }
    if (code === 'ENOTEMPTY' || code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}
