import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import { hashFile } from '../hash-file.ts';
import type { FileToAdopt } from '../ports/object-store.ts';
import { WriteBehind } from './write-behind.ts';

export interface ReceivedBody {
  /** Open, and owned by the caller, who makes the file durable. */
  handle: FileHandle;
  bytes: number;
  sha256: string;
}

/** Small enough to stay in the processor's cache until it is hashed, and not to block the event loop. */
const PIECE_BYTES = 256 * 1024;

/** Writes a body into a new file at `path` and hashes it. A file is moved there, or copied from another file system. */
export async function receiveBody(
  path: string,
  body: Uint8Array | Readable | FileToAdopt,
  signal: AbortSignal | undefined,
): Promise<ReceivedBody> {
  if (body instanceof Uint8Array) {
    return writeNew(path, slices(body), { signal });
  }
  if (body instanceof Readable) {
    return writeNew(path, body, { signal });
  }
  return adopt(path, body, signal);
}

/** Writes the source into a new file, which stays open. */
export async function writeNew(
  path: string,
  source: Readable | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { signal, gatherBytes }: { signal?: AbortSignal | undefined; gatherBytes?: number } = {},
): Promise<ReceivedBody> {
  const handle = await open(path, 'wx');
  return closeOnFailure(handle, signal, async () => {
    if (signal && source instanceof Readable) {
      addAbortSignal(signal, source);
    }
    await using file = new WriteBehind(handle, gatherBytes);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of source) {
      for (const piece of slices(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        signal?.throwIfAborted();
        const writing = file.write(piece);
        hash.update(piece);
        bytes += piece.byteLength;
        await writing;
      }
    }
    await file.end();
    return { handle, bytes, sha256: hash.digest('hex') };
  });
}

async function adopt(
  path: string,
  { path: from, sha256 }: FileToAdopt,
  signal: AbortSignal | undefined,
): Promise<ReceivedBody> {
  const { handle, bytes } = await openRegular(from);
  return closeOnFailure(handle, signal, async () => {
    if (await isMoved(from, path)) {
      return sha256 === undefined
        ? { handle, ...(await hashFile(handle, signal)) }
        : { handle, bytes, sha256 };
    }
    const source = handle.createReadStream({ autoClose: false, highWaterMark: PIECE_BYTES });
    const received = await writeNew(path, source, { signal });
    await rm(from);
    await handle.close();
    return received;
  });
}

async function openRegular(path: string): Promise<{ handle: FileHandle; bytes: number }> {
  const refused = () =>
    new Error(`Expected a regular file to adopt, but ${path} is a folder, a link or a device`);
  // Non-blocking, because opening a pipe waits for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? refused() : error;
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw refused();
    return { handle, bytes: stats.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Closes the handle if the work fails. */
async function closeOnFailure(
  handle: FileHandle,
  signal: AbortSignal | undefined,
  work: () => Promise<ReceivedBody>,
): Promise<ReceivedBody> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    await handle.close();
    // The stream rejects with a generic abort error, the signal has the reason.
    throw signal?.aborted ? signal.reason : error;
  }
}

/** False if the file is on another file system. */
async function isMoved(from: string, to: string): Promise<boolean> {
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
  for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}
