import { PipelineError } from '../../errors.ts';

/** Whether the disk has space for one more job. */
export interface Admission {
  /**
   * Reserves disk space for one job until disposed (idempotent); from then on the job itself is counted.
   * @throws PipelineError STORAGE_FULL if the free space is not enough for the running jobs and this one,
   * TEMPORAL_UNAVAILABLE if they cannot be counted, and STORAGE_UNAVAILABLE, so that a client does not send 100 MB in vain.
   */
  admit(): Promise<Disposable>;
}

export interface AdmissionOptions {
  /** Rejects with STORAGE_UNAVAILABLE if the store does not respond. */
  assertStorage(): Promise<void>;
  /** Free space of the disk for uploads and objects. */
  freeBytes(): Promise<number>;
  /** Running jobs, over all API processes. */
  countRunning(): Promise<number>;
  /** Must always stay free. */
  floorBytes: number;
  /** Estimated need of one job. */
  jobBytes: number;
}

/** A count is valid this long, plus the jobs admitted here since. */
const COUNT_MAX_AGE_MS = 1_000;
const RETRY_AFTER_MS = 60_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { assertStorage, freeBytes, floorBytes, jobBytes } = options;
  /** Submissions in progress. */
  let arriving = 0;
  let counted = { running: 0, at: Number.NEGATIVE_INFINITY };
  let counting: Promise<void> | undefined;

  const count = async () => {
    try {
      counted = { running: await options.countRunning(), at: performance.now() };
    } finally {
      counting = undefined;
    }
  };
  const countRunning = async () => {
    if (performance.now() - counted.at > COUNT_MAX_AGE_MS) {
      counting ??= count();
      await counting;
    }
    return counted.running;
  };

  return {
    async admit() {
      // Before anything is awaited, so that parallel requests see each other.
      arriving += 1;
      try {
        await assertStorage();
        const [free, running] = await Promise.all([freeBytes(), countRunning()]);
        if (free - (running + arriving) * jobBytes < floorBytes) {
          throw new PipelineError(
            'STORAGE_FULL',
            `Expected disk space for one more task, but of ${toGigabytes(free)} GB free, ${toGigabytes(floorBytes)} GB must stay free and ${toGigabytes(running * jobBytes)} GB are reserved for ${running} running tasks. Try again when they have ended, or free disk space.`,
            { retryAfterMs: RETRY_AFTER_MS },
          );
        }
      } catch (error) {
        arriving -= 1;
        throw error;
      }
      let isReserved = true;
      return {
        [Symbol.dispose]() {
          if (isReserved) {
            isReserved = false;
            arriving -= 1;
            counted.running += 1;
          }
        },
      };
    },
  };
}

function toGigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
