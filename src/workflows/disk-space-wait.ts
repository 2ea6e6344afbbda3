import { sleep } from '@temporalio/workflow';
import { codeOf } from './job-error.ts';

const FIRST_RETRY_DELAY_MS = 2_000;
const MAX_RETRY_DELAY_MS = 60_000;

/** Shown to the user while a job waits. */
export const DISK_FULL_MESSAGE = 'The disk is full. The task continues when there is space again.';

/**
 * Repeats a call until there is disk space for it. A full disk is not a failure: the attempt leaves nothing on the disk, and
 * the deadline of the job bounds the wait.
 * @param onFull is called after each attempt that failed for lack of space.
 */
export async function waitForDiskSpace<T>(call: () => Promise<T>, onFull: () => void = () => {}): Promise<T> {
  for (let delayMs = FIRST_RETRY_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
    try {
      return await call();
    } catch (error) {
      if (codeOf(error) !== 'STORAGE_FULL') {
        throw error;
      }
      onFull();
      await sleep(delayMs, { summary: 'Until there is space on the disk' });
    }
  }
}

/** Wraps activities so that each waits for disk space. */
export function waitingForDiskSpace(onFull: () => void) {
  return <Args extends unknown[], Result>(activity: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      waitForDiskSpace(() => activity(...args), onFull);
}
