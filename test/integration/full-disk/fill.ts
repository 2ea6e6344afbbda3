import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readDisk } from '../../../src/storage/storage-usage.ts';

const PIECE = Buffer.alloc(64 * 1024, 1);

/** A file beside the objects that takes all room of a small disk but what it is told to leave. */
export async function fillDisk(root: string) {
  const handle = await open(join(root, '.filler'), 'w');
  let bytes = 0;
  try {
    for (;;) bytes += (await handle.write(PIECE, 0, PIECE.length, bytes)).bytesWritten;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return {
    /** Makes so much room, or as much as the file takes. */
    async free(wantedBytes: number): Promise<void> {
      bytes = Math.max(0, bytes - wantedBytes);
      await handle.truncate(bytes);
    },
    freeBytes: async () => (await readDisk(root)).freeBytes,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
