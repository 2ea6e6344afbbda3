import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import type { FileToAdopt } from './object-store.ts';

export interface ReceivedBody {
  /** Open until its owner closes it: what is left to do is to make it durable. */
  handle: FileHandle;
  bytes: number;
  sha256: string;
}

/** Long enough to be few, short enough that hashing one does not hold up the event loop. */
const CHUNK_BYTES = 1 << 20;
const SYNC_BYTES = 8 << 20;

/** Brings a body into the new file at `path`, hashed on the way. A file is moved there, from another file system copied. */
export async function receiveBody(
  path: string,
  body: Uint8Array | Readable | FileToAdopt,
  signal: AbortSignal | undefined,
): Promise<ReceivedBody> {
  if (body instanceof Uint8Array) {
    return writeNew(path, slices(body), signal);
  }
  if (body instanceof Readable) {
    return writeNew(path, body, signal);
  }
  if (await isMoved(body.path, path)) {
    return hashMoved(path, signal);
  }
  const received = await writeNew(path, createReadStream(body.path), signal);
  await rm(body.path);
  return received;
}

async function writeNew(
  path: string,
  source: Readable | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<ReceivedBody> {
  const handle = await open(path, 'wx');
  let unsynced = 0;
  let syncing = Promise.resolve();
  return withHash(handle, source, signal, async (chunk) => {
    await handle.writeFile(chunk);
    unsynced += chunk.byteLength;
    if (unsynced >= SYNC_BYTES) {
      // The disk works while the rest arrives: the last fsync has little left to do.
      await syncing;
      syncing = handle.datasync();
      syncing.catch(() => undefined);
      unsynced = 0;
    }
  });
}

async function hashMoved(path: string, signal: AbortSignal | undefined): Promise<ReceivedBody> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const source = handle.createReadStream({ autoClose: false, highWaterMark: CHUNK_BYTES });
  return withHash(handle, source, signal, async () => {});
}

/** Owns the handle until it answers. */
async function withHash(
  handle: FileHandle,
  source: Readable | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<ReceivedBody> {
  try {
    signal?.throwIfAborted();
    if (signal && source instanceof Readable) {
      addAbortSignal(signal, source);
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of source) {
      signal?.throwIfAborted();
      const chunk = typeof part === 'string' ? Buffer.from(part) : part;
      // The file system writes while this thread hashes.
      const taking = take(chunk);
      hash.update(chunk);
      bytes += chunk.byteLength;
      await taking;
    }
    return { handle, bytes, sha256: hash.digest('hex') };
  } catch (error) {
    await handle.close();
    // The stream knows only that it was aborted; the caller knows why.
    throw signal?.aborted ? signal.reason : error;
  }
}

/** False: the file lies on another file system. */
async function isMoved(from: string, to: string): Promise<boolean> {
  if (!(await lstat(from)).isFile()) {
    throw new Error(`Expected a regular file to adopt, but ${from} is a folder, a link or a device`);
  }
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') {
      return false;
    }
    throw error;
  }
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += CHUNK_BYTES) {
    yield bytes.subarray(start, start + CHUNK_BYTES);
  }
}
