import type { FileHandle } from 'node:fs/promises';

/** On their way to the file system: with one alone it would wait for the thread that hashes the next. */
const AT_ONCE = 3;
const SYNC_BYTES = 8 << 20;

/** Writes a new file from its beginning, behind the back of whoever makes its bytes. */
export class WriteBehind {
  readonly #handle: FileHandle;
  readonly #writes: Array<Promise<void>> = [];
  #syncing: Promise<void> = Promise.resolve();
  #bytes = 0;
  #unsynced = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Begins to write the piece, which is not to change any more. What a write met rejects a later one, or `end`. */
  async write(piece: Uint8Array): Promise<void> {
    this.#writes.push(caught(writeAll(this.#handle, piece, this.#bytes)));
    this.#bytes += piece.byteLength;
    this.#unsynced += piece.byteLength;
    if (this.#writes.length >= AT_ONCE) {
      await this.#writes.shift();
    }
    if (this.#unsynced >= SYNC_BYTES) {
      // The disk works while the rest arrives: the last fsync has little left to do.
      await this.#syncing;
      this.#syncing = caught(this.#handle.datasync());
      this.#unsynced = 0;
    }
  }

  /** All is written; it is durable after an fsync. */
  async end(): Promise<void> {
    await Promise.all([...this.#writes, this.#syncing]);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Whoever waits for it hears of its failure; nobody has to. */
function caught(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}
