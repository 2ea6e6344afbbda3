import { rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { StoredObject } from '../../contracts/job.ts';
import { isDiskFull, storageFull } from '../../errors.ts';
import type { ObjectToPut } from '../../ports/object-store.ts';
import { objectExists } from '../object-errors.ts';
import { invalidKey } from '../object-key.ts';
import { type ReceivedBody, receiveBody } from '../receive-body.ts';
import { findFolders, makeFolders, pruneFolders, syncFolder, syncFolders } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { statFile } from './stat.ts';
import { createNonce, readTarget, toVersionName } from './version.ts';

/** Another process may remove a folder as empty between its making and its use; five times in a row it is something else. */
const FOLDER_ATTEMPTS = 5;

/** A failure destroys the streams. */
export async function putFiles(
  layout: FileLayout,
  objects: readonly ObjectToPut[],
  options: { ifAbsent?: boolean; signal?: AbortSignal } = {},
): Promise<StoredObject[]> {
  try {
    const toStore = ({ key, body }: ObjectToPut): FileToStore => ({
      key,
      receive: (path) => receiveBody(path, body, options.signal),
    });
    return await storeFiles(layout, objects.map(toStore), options);
  } catch (error) {
    for (const { body } of objects) {
      if (body instanceof Readable) {
        body.destroy();
      }
    }
    throw error;
  }
}

interface FileToStore {
  key: string;
  /** Makes the new file of that path. */
  receive(path: string): Promise<ReceivedBody>;
}

/**
 * Each file by itself, all of them durable by the same fsync of their folder. Rejects with the first failure, when all
 * have ended.
 */
export async function storeFiles(
  layout: FileLayout,
  files: readonly FileToStore[],
  options: { ifAbsent?: boolean; signal?: AbortSignal } = {},
): Promise<StoredObject[]> {
  const stored = await Promise.allSettled(files.map((file) => storeFile(layout, file, options)));
  const named = stored.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  try {
    await syncFolders(named.map(({ folders }) => folders));
  } catch (error) {
    throw toStoreError(error, files[0]!.key);
  }
  const failure = stored.find((result) => result.status === 'rejected');
  if (failure) {
    throw failure.reason;
  }
  return named.map(({ object }) => object);
}

interface NamedFile {
  object: StoredObject;
  /** From the root to its own: what makes the name durable is an fsync of the last. */
  folders: string[];
}

/**
 * Bytes into the scratch area, the file beside its name, fsync, then the name. Until the name is swapped nobody sees
 * any of it; after that, all of it. A failure removes what was written.
 */
async function storeFile(
  layout: FileLayout,
  { key, receive }: FileToStore,
  { ifAbsent = false, signal }: { ifAbsent?: boolean; signal?: AbortSignal },
): Promise<NamedFile> {
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
    return { object: { key, bytes: received.bytes, sha256: received.sha256 }, folders };
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
  if (await isNamedFirst(name, version)) {
    return;
  }
  if (ifAbsent) {
    throw objectExists(key);
  }
  const replaced = await readTarget(name);
  await nameOver(layout, name, version);
  if (replaced) {
    // The new one is there: what is left of the old one is the sweep's.
    await rm(join(dirname(name), replaced), { force: true }).catch(() => undefined);
  }
}

/** Making a link is exclusive: of many writers one wins. */
async function isNamedFirst(name: string, version: string): Promise<boolean> {
  try {
    await symlink(basename(version), name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
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
  if (placed && (await readTarget(join(root, key))) !== basename(placed)) {
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
