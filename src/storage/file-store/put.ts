import { rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { StoredObject } from '../../contracts/job.ts';
import { isDiskFull, storageFull } from '../../errors.ts';
import { objectExists } from '../object-errors.ts';
import { invalidKey } from '../object-key.ts';
import type { FileToAdopt } from '../object-store.ts';
import { type ReceivedBody, receiveBody } from '../receive-body.ts';
import { findFolders, makeFolders, pruneFolders, syncFolder, syncFolders } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { statFile } from './stat.ts';
import { createNonce, readVersion, toVersionName } from './version.ts';

/** Another process may remove a folder as empty between its making and its use; five times in a row it is something else. */
const FOLDER_ATTEMPTS = 5;

/** A failure destroys the stream. */
export async function putFile(
  layout: FileLayout,
  key: string,
  body: Uint8Array | Readable | FileToAdopt,
  options: { ifAbsent?: boolean; signal?: AbortSignal },
): Promise<StoredObject> {
  try {
    return await storeFile(layout, key, (path) => receiveBody(path, body, options.signal), options);
  } catch (error) {
    if (body instanceof Readable) {
      body.destroy();
    }
    throw error;
  }
}

/**
 * Bytes into the scratch area, the file beside its name, fsync, then the name. Until the name is swapped nobody sees
 * any of it; after that, all of it. A failure removes what was written.
 *
 * @param receive makes the new file of that path
 */
export async function storeFile(
  layout: FileLayout,
  key: string,
  receive: (path: string) => Promise<ReceivedBody>,
  { ifAbsent = false, signal }: { ifAbsent?: boolean; signal?: AbortSignal } = {},
): Promise<StoredObject> {
  const incoming = join(layout.scratch, `put-${createNonce()}`);
  let placed: PlacedVersion | undefined;
  try {
    if (ifAbsent && (await statFile(layout.root, key))) {
      throw objectExists(key);
    }
    const received = await receive(incoming);
    await using handle = received.handle;
    placed = await placeBeside(layout, key, incoming, received);
    const { path, folders } = placed;
    // After the move: the fsync of a new file makes its name durable too, before any name points to it.
    await handle.sync();
    signal?.throwIfAborted();

    await layout.turns.take(key, () => nameVersion(layout, key, path, ifAbsent));
    placed = undefined;
    await syncFolders(folders);
    return { key, bytes: received.bytes, sha256: received.sha256 };
  } catch (error) {
    // What cannot be removed now is the sweep's; why the write failed is what counts.
    await discard(layout, key, incoming, placed?.path).catch(() => undefined);
    throw toStoreError(error, key);
  }
}

interface PlacedVersion {
  path: string;
  /** From the root to its own. */
  folders: string[];
}

async function placeBeside(
  layout: FileLayout,
  key: string,
  incoming: string,
  received: ReceivedBody,
): Promise<PlacedVersion> {
  const path = join(layout.root, dirname(key), toVersionName(basename(key), received));
  for (let attempt = 1; ; attempt++) {
    try {
      const folders = await makeFolders(layout.root, key);
      await rename(incoming, path);
      return { path, folders };
    } catch (error) {
      if (attempt === FOLDER_ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
    }
  }
}

/** Gives the version its name, and removes the one that had it. */
async function nameVersion(
  layout: FileLayout,
  key: string,
  version: string,
  ifAbsent: boolean,
): Promise<void> {
  const name = join(layout.root, key);
  if (ifAbsent) {
    return nameNew(key, name, version);
  }
  const replaced = await readVersion(name);
  await nameOver(layout, name, version);
  if (replaced) {
    // The new one is there: what is left of the old one is the sweep's.
    await rm(replaced.path, { force: true }).catch(() => undefined);
  }
}

/** Making a link is exclusive: of many writers one wins. */
async function nameNew(key: string, name: string, version: string): Promise<void> {
  try {
    await symlink(basename(version), name);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? objectExists(key) : error;
  }
}

async function nameOver(layout: FileLayout, name: string, version: string): Promise<void> {
  const link = join(layout.scratch, `link-${createNonce()}`);
  try {
    await symlink(basename(version), link);
    await rename(link, name);
  } catch (error) {
    await rm(link, { force: true });
    throw error;
  }
}

/** A version that has its name is no litter, whatever went wrong after that. */
async function discard(
  { root }: FileLayout,
  key: string,
  incoming: string,
  placed: string | undefined,
): Promise<void> {
  await rm(incoming, { force: true });
  if (placed && (await readVersion(join(root, key)))?.path !== placed) {
    await rm(placed, { force: true });
  }
  const folders = await findFolders(root, key);
  if (folders) {
    await syncFolder(await pruneFolders(root, folders.at(-1)!));
  }
}

function toStoreError(error: unknown, key: string): unknown {
  if (isDiskFull(error)) {
    return storageFull(error);
  }
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EISDIR'
    ? invalidKey(key, 'a name that no other object uses as a folder')
    : error;
}
