import type { FileHandle } from 'node:fs/promises';

/** What sockets and streams give is 64 KB: a write for each costs more than the writing. */
const GATHER_BYTES = 1 << 20;
const SYNC_BYTES = 8 << 20;

/**
 * Writes a new file from its beginning, behind the back of whoever makes its bytes. To be disposed of before the handle is
 * closed: a write that is still under way then would go to whatever file gets the same number next.
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

  /** @param gatherBytes that are written at once; as many again are in memory meanwhile */
  constructor(handle: FileHandle, gatherBytes = GATHER_BYTES) {
    this.#handle = handle;
    this.#gatherBytes = gatherBytes;
  }

  /** Takes the piece, which is not to change any more. What a write met rejects a later one, or `end`. */
  async write(piece: Uint8Array): Promise<void> {
    this.#gathered.push(piece);
    this.#gatheredBytes += piece.byteLength;
    if (this.#gatheredBytes >= this.#gatherBytes) {
      await this.#flush();
    }
  }

  /** All is written; it is durable after an fsync. */
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
      // The disk works while the rest arrives: the last fsync has little left to do.
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

/** What follows the first `bytes` of the pieces: a disk may take less than it was given. */
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

/** Whoever waits for it hears of its failure; nobody has to. */
function caught(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}
