import { lstat } from 'node:fs/promises';
import { ignoreFailure, PipelineError } from '../../errors.ts';
import type { FileLayout } from './layout.ts';

/** The file system itself fails: a network drive is not connected, a disk is unplugged, permissions were changed. */
const AWAY = new Set([
  'EACCES',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EIO',
  'ENODEV',
  'ENOTCONN',
  'ENXIO',
  'EPERM',
  'EROFS',
  'ESTALE',
  'ETIMEDOUT',
]);

export interface Outages {
  /**
   * Runs a call of the store. Rejects with STORAGE_UNAVAILABLE if the folder of the store cannot be reached or is not
   * mounted: a missing object or an empty list would then be a wrong answer.
   */
  watch<T>(call: () => Promise<T>): Promise<T>;
  /** Rejects with STORAGE_UNAVAILABLE if the folder of the store is not there. */
  assertPresent(): Promise<void>;
}

/** The scratch folder is made when the store is opened and never removed, so it marks a folder that is mounted. */
export function watchOutages({ root, scratch }: Pick<FileLayout, 'root' | 'scratch'>): Outages {
  const isPresent = async () =>
    (await ignoreFailure(lstat(scratch), 'any failure means that it is not there'))?.isDirectory() === true;
  const unavailable = (cause?: unknown) =>
    new PipelineError(
      'STORAGE_UNAVAILABLE',
      `Expected the storage folder ${root} to be there and usable, but it is not. Mount it, or correct its permissions`,
      { cause },
    );
  const assertPresent = async () => {
    if (!(await isPresent())) {
      throw unavailable();
    }
  };
  return {
    assertPresent,
    async watch(call) {
      let result: Awaited<ReturnType<typeof call>>;
      try {
        result = await call();
      } catch (error) {
        const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
        throw AWAY.has(code) || !(await isPresent()) ? unavailable(error) : error;
      }
      if (result === undefined || (Array.isArray(result) && result.length === 0)) {
        await assertPresent();
      }
      return result;
    },
  };
}
