import { PipelineError } from '../../errors.ts';

/** Whether the disk has room for one more job. */
export interface Admission {
  /**
   * Room for a job, kept until it is disposed of, once or more often: then the job itself is counted.
   * @throws PipelineError STORAGE_FULL where what is free would not do for the jobs that run and this one, and what
   * counting them throws: so nobody sends 100 MB to hear that there is no job server.
   */
  admit(): Promise<Disposable>;
}

export interface AdmissionOptions {
  /** Of the disk that uploads and objects go to. */
  freeBytes(): Promise<number>;
  /** Over all API processes, as of now. */
  countRunning(): Promise<number>;
  /** What stays free, whatever is asked. */
  floorBytes: number;
  /** What a job is reckoned to need. */
  jobBytes: number;
}

/** A count is this good, with those that were admitted here since. */
const COUNT_LIFE_MS = 1_000;
const COME_BACK_MS = 60_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { freeBytes, floorBytes, jobBytes } = options;
  /** In the middle of their submission. */
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
    if (performance.now() - counted.at > COUNT_LIFE_MS) {
      counting ??= count();
      await counting;
    }
    return counted.running;
  };

  return {
    async admit() {
      // Before anything is awaited, or many that come at once would not see each other.
      arriving += 1;
      try {
        const [free, running] = await Promise.all([freeBytes(), countRunning()]);
        if (free - (running + arriving) * jobBytes < floorBytes) {
          throw new PipelineError(
            'STORAGE_FULL',
            `Expected room for one more task, but ${toGigabytes(free)} GB are free, of which ${toGigabytes(floorBytes)} stay free and ${toGigabytes(running * jobBytes)} are kept for ${running} tasks that run. Come back when they have ended, or free space.`,
            { retryAfterMs: COME_BACK_MS },
          );
        }
      } catch (error) {
        arriving -= 1;
        throw error;
      }
      let isHere = true;
      return {
        [Symbol.dispose]() {
          if (isHere) {
            isHere = false;
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
