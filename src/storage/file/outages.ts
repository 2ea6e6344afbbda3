import { lstat } from 'node:fs/promises';
import { ignoreFailure } from '../../errors.ts';
import { folderUnavailable, isFolderOutage } from '../folder-outage.ts';
import { inTime, TOO_LATE } from '../in-time.ts';
import type { FileLayout } from './layout.ts';

/** Calls of a network drive whose server is gone may never return. Shorter than the timeouts of activities. */
const MAX_CALL_MS = 100_000;

export interface Outages {
  /**
   * Runs a call of the store. Rejects with STORAGE_UNAVAILABLE if the folder of the store cannot be reached or is not
   * mounted: a missing object or an empty list would then be a wrong answer. So does a call that does not return in time.
   * @param discard frees a result that comes too late
   */
  watch<T>(call: () => Promise<T>, discard?: (late: T) => void): Promise<T>;
  /** Like `watch`, for the next object of a listing. */
  watchNext<T>(next: () => Promise<T>): Promise<T>;
  /** Rejects with STORAGE_UNAVAILABLE if the folder of the store is not there. */
  assertPresent(): Promise<void>;
}

/** The scratch folder marks a store, so it is missing while its drive is not mounted. */
export function watchOutages(
  { root, scratch }: Pick<FileLayout, 'root' | 'scratch'>,
  maxCallMs = MAX_CALL_MS,
): Outages {
  const isPresent = async () =>
    (await ignoreFailure(lstat(scratch), 'any failure means that it is not there'))?.isDirectory() === true;
  const unavailable = (cause?: unknown) => folderUnavailable(root, cause);
  const assertPresent = async () => {
    if (!(await isPresent())) {
      throw unavailable();
    }
  };
  const explain = async (error: unknown) => {
    if (error === TOO_LATE) {
      return unavailable();
    }
    return isFolderOutage(error) || !(await isPresent()) ? unavailable(error) : error;
  };
  const watchNext = async <T>(call: () => Promise<T>, discard?: (late: T) => void): Promise<T> => {
    try {
      return await inTime(call(), maxCallMs, discard);
    } catch (error) {
      throw await explain(error);
    }
  };
  return {
    assertPresent,
    watchNext,
    async watch(call, discard) {
      const result = await watchNext(call, discard);
      if (result === undefined || (Array.isArray(result) && result.length === 0)) {
        await assertPresent();
      }
      return result;
    },
  };
}
