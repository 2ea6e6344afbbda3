/** Folders of the file store: walked without following links, created and removed durably. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invalidKey } from '../object-key.ts';

/** Folders whose own names this process has made durable: one more name in them costs one fsync. */
const durable = new Set<string>();
const MOST_KNOWN = 10_000;

/**
 * The folders from the root to the one that holds the key. Nothing where one is missing or is no real folder:
 * a link in the root never leads a key out of it.
 */
export async function findFolders(root: string, key: string): Promise<string[] | undefined> {
  const folders = foldersOf(root, key);
  return (await lookAt(folders.at(-1)!)) === 'real' ? folders : undefined;
}

/** As `findFolders`, made where they are missing. @throws PipelineError OBJECT_KEY_INVALID where something else is in the way. */
export async function makeFolders(root: string, key: string): Promise<string[]> {
  const folders = foldersOf(root, key);
  const inTheWay = () => invalidKey(key, 'only folders before the last "/"');
  // From the last one up to what is there, then down again: nothing is made below a link.
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
      // Gone again where another process removed it as empty; the caller notices when it uses it.
      const now = await lstat(folder).catch(ignoreMissing);
      if (now?.isDirectory() === false) throw inTheWay();
    }
  }
  return folders;
}

/**
 * Removes the folder and those above it, as long as they are empty. The root stays.
 *
 * @returns the one that is left: its fsync makes the removals durable
 */
export async function pruneFolders(root: string, folder: string): Promise<string> {
  let kept = folder;
  while (kept !== root && (await removeIfEmpty(kept))) {
    kept = dirname(kept);
  }
  return kept;
}

/**
 * Makes the names in the last folder of each path durable, and where that is not known of them, the folders' own.
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
  if (durable.size > MOST_KNOWN) {
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
 * Makes the names in the folder durable. A folder that was removed meanwhile has none left. All who ask while an fsync
 * runs, which may have passed by what they wrote, share the one after it.
 */
export function syncFolder(folder: string): Promise<void> {
  const syncs = syncing.get(folder);
  if (!syncs) {
    return beginSync(folder);
  }
  syncs.next ??= syncs.running.catch(() => undefined).then(() => beginSync(folder));
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
  try {
    await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}

function foldersOf(root: string, key: string): string[] {
  const segments = key.split('/').slice(0, -1);
  return [root, ...segments.map((_, index) => join(root, ...segments.slice(0, index + 1)))];
}

/** In one call, however deep it lies. `other`: a file, a link, or behind one. */
async function lookAt(folder: string): Promise<'real' | 'missing' | 'other'> {
  try {
    // The dot asks for a folder. What is found elsewhere was found through a link.
    return (await realpath(`${folder}/.`)) === folder ? 'real' : 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    if (code === 'ENOTDIR' || code === 'ELOOP') return 'other';
    throw error;
  }
}

/** Removed by another at the same time. */
export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') {
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
