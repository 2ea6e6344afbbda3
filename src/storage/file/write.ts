import { link, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { ignoreFailure, isDiskFull, storageFull } from '../../errors.ts';
import type { ObjectToPut } from '../../ports/object-store.ts';
import { objectExists } from '../object-errors.ts';
import { invalidKey } from '../object-key.ts';
import { type ReceivedBody, receiveBody } from '../receive-body.ts';
import { findFolders, makeFolders, pruneFolders, syncFolder, syncFolders } from './folders.ts';
import type { FileLayout } from './layout.ts';
import { openVersion, statFile } from './read.ts';
import { createNonce, readTarget, toVersionName } from './version.ts';

/** Another process may remove a new folder because it is empty. Five times in a row must have another reason. */
const MAX_FOLDER_ATTEMPTS = 5;

/** Destroys the streams if it fails. */
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

/**
 * Copies an object by a hard link if the file system allows it: a version is never modified, so the two objects can share
 * its bytes. Damage to the bytes affects both, and reading either detects it.
 */
export async function copyFile(layout: FileLayout, from: string, to: string): Promise<StoredObject> {
  const [copied] = await storeFiles(layout, [
    { key: to, receive: (path) => receiveLink(layout, from, path) },
  ]);
  return copied!;
}

async function receiveLink({ root }: FileLayout, from: string, path: string): Promise<ReceivedBody> {
  for (;;) {
    const { handle, version } = await openVersion(root, from);
    try {
      await link(version.path, path);
      return { handle, bytes: version.bytes, sha256: version.sha256 };
    } catch (error) {
      await using source = handle;
      // ENOENT: replaced since it was opened, so the name now stands for another version.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        // The file system has no hard links, or (EMLINK) this file has the maximum number of them.
        return await receiveBody(path, source.createReadStream({ autoClose: false }), undefined);
      }
    }
  }
}

interface FileToStore {
  key: string;
  /** Creates the file at that path. */
  receive(path: string): Promise<ReceivedBody>;
}

/**
 * Stores each file independently; one fsync of a folder makes all its new names durable. Waits for all files, then
 * rejects with the first failure.
 */
async function storeFiles(
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
  /** The folders from the root down. An fsync of the last one makes the name durable. */
  folders: string[];
}

/**
 * Writes the bytes into the scratch area, moves the file beside its name, calls fsync, then swaps the name. Readers see
 * nothing of it before the swap and all of it afterwards. A failure removes what was written.
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
    // After the move, because the fsync of a new file also makes its name durable: before any link points to it.
    await handle.sync();
    signal?.throwIfAborted();

    await layout.names.run(key, () => nameVersion(layout, key, path, ifAbsent));
    return { object: { key, bytes: received.bytes, sha256: received.sha256 }, folders };
  } catch (error) {
    // The caller needs the error of the write, whatever happens here.
    await ignoreFailure(discard(layout, key, incoming, placed?.path), 'the sweep removes leftovers');
    throw toStoreError(error, key);
  }
}

interface PlacedVersion {
  path: string;
  /** The folders from the root down. */
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
      if (attempt === MAX_FOLDER_ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
    }
  }
}

/** Points the name at the version, and removes the version it replaces. */
async function nameVersion(
  layout: FileLayout,
  key: string,
  version: string,
  ifAbsent: boolean,
): Promise<void> {
  const name = join(layout.root, key);
  if (await isNamedFirst(layout, name, version)) {
    return;
  }
  if (ifAbsent) {
    throw objectExists(key);
  }
  const replaced = await readTarget(name);
  await nameOver(layout, name, version);
  if (replaced) {
    const removed = rm(join(dirname(name), replaced), { force: true });
    await ignoreFailure(removed, 'the write has succeeded, and the sweep removes the old version');
  }
}

/** Creating a link is exclusive: one of many writers wins. */
async function isNamedFirst({ guard }: FileLayout, name: string, version: string): Promise<boolean> {
  try {
    guard();
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
    layout.guard();
    await rename(link, name);
  } catch (error) {
    await rm(link, { force: true });
    throw error;
  }
}

/** Keeps the version if the name points to it, whatever failed after that. */
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
