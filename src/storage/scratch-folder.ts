import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreFailure, isDiskFull, storageFull } from '../errors.ts';
import type { ScratchFolder } from '../ports/object-store.ts';
import { folderUnavailable, isFolderOutage } from './folder-outage.ts';
import { writeNew } from './receive-body.ts';

/** A quarter of the store's default, because there may be many uploads at the same time. */
const GATHER_BYTES = 256 * 1024;

export async function createScratchFolder(parent: string): Promise<ScratchFolder> {
  try {
    return asScratchFolder(await mkdtemp(join(parent, 'folder-')));
  } catch (error) {
    throw isFolderOutage(error) ? folderUnavailable(parent, error) : error;
  }
}

/** Wraps an existing folder, which is deleted on disposal. */
export function asScratchFolder(path: string): ScratchFolder {
  return {
    path,

    async receive(name, body) {
      const file = join(path, name);
      let bodyError: unknown;
      async function* noteError(): AsyncGenerator<Uint8Array> {
        try {
          yield* body;
        } catch (error) {
          bodyError = error;
          throw error;
        }
      }
      try {
        const { handle, ...known } = await writeNew(file, noteError(), { gatherBytes: GATHER_BYTES });
        await handle.close();
        return { path: file, ...known };
      } catch (error) {
        // Connections fail with some of the same codes.
        if (error === bodyError) throw error;
        if (isDiskFull(error)) throw storageFull(error);
        throw isFolderOutage(error) ? folderUnavailable(path, error) : error;
      }
    },

    async [Symbol.asyncDispose]() {
      // Usually empty, because its files were moved into the store.
      const removed = rmdir(path).catch(() => rm(path, { recursive: true, force: true }));
      await ignoreFailure(removed, 'the error of the work counts, and the sweep removes leftovers');
    },
  };
}
