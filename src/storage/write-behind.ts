import type { FileHandle } from 'node:fs/promises';
import { ignoreFailure } from '../errors.ts';

/** Sockets and streams deliver 64 KB at a time. Larger writes have less overhead. */
const GATHER_BYTES = 1 << 20;
const SYNC_BYTES = 8 << 20;

/**
 * Writes a new file in the background while its bytes are produced. Dispose of it before closing the handle: a write still
 * in progress could otherwise go to another file that reuses the descriptor.
 */
export class WriteBehind implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #gatherBytes: number;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #bytes = 0;
  #unsynced = 0;

  /** @param gatherBytes size of a write. Up to twice as much is held in memory. */
  constructor(handle: FileHandle, gatherBytes = GATHER_BYTES) {
    this.#handle = handle;
    this.#gatherBytes = gatherBytes;
  }

  /** The piece must not change afterwards. A failed write rejects a later call or `end`. */
  async write(piece: Uint8Array): Promise<void> {
    this.#gathered.push(piece);
    this.#gatheredBytes += piece.byteLength;
    if (this.#gatheredBytes >= this.#gatherBytes) {
      await this.#flush();
    }
  }

  /** Resolves when everything is written. It is durable only after an fsync. */
  async end(): Promise<void> {
    await this.#flush();
    await Promise.all([this.#writing, this.#syncing]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#unsynced >= SYNC_BYTES) {
      // Starts while the rest arrives, so that the last fsync has little left to do.
      await this.#syncing;
      this.#syncing = caught(this.#handle.datasync());
      this.#unsynced = 0;
    }
    this.#writing = caught(writeAll(this.#handle, this.#gathered, this.#bytes));
    this.#bytes += this.#gatheredBytes;
    this.#unsynced += this.#gatheredBytes;
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }
}

async function writeAll(handle: FileHandle, pieces: Uint8Array[], position: number): Promise<void> {
  let left = pieces;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = after(left, bytesWritten);
  }
}

/** The pieces without the first `bytes`: a write may be partial. */
function after(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = bytes;
  for (const piece of pieces) {
    if (skip < piece.byteLength) {
      left.push(piece.subarray(skip));
    }
    skip = Math.max(0, skip - piece.byteLength);
  }
  return left;
}

/** Marks a rejection as handled. Awaiting the promise still throws it. */
function caught(work: Promise<void>): Promise<void> {
  void ignoreFailure(work, 'it is thrown again where the promise is awaited');
  return work;
}
