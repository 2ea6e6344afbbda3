import { sleep } from '@temporalio/workflow';
import { codeOf, isActivityTimeout } from './job-error.ts';

const FIRST_RETRY_DELAY_MS = 2_000;
const MAX_RETRY_DELAY_MS = 60_000;

/**
 * How long a job that has ended waits to write its record and to undo its work. A person's photo must not stay because a
 * store was unavailable for an hour.
 */
export const PATIENCE_MS = 24 * 3_600_000;

/** What a job waits for, as its events have it in `waiting_for`. */
export type StorageWait = 'disk_space' | 'storage';

/** The errors that are waited out. Activities fail with them at once: an outage must not use up the attempts of a job. */
const WAITS: Partial<Record<string, StorageWait>> = {
  STORAGE_FULL: 'disk_space',
  STORAGE_UNAVAILABLE: 'storage',
};
export const WAITED_FOR = Object.keys(WAITS);

/** Shown to the user while a job waits. */
export const STORAGE_WAIT_MESSAGES: Record<StorageWait, string> = {
  disk_space: 'The disk is full. The task continues when there is space again.',
  storage: 'Waiting for storage, which does not respond. The task continues when it does.',
};

interface WaitOptions {
  /** Called after each attempt that failed because of the storage. */
  onWait?: ((what: StorageWait) => void) | undefined;
  /** After this time the next error rejects. Default: for ever, which the deadline of the job bounds. */
  patienceMs?: number;
  /** Whether a timeout means that the storage does not respond, because the call does nothing else. */
  isOnlyStorage?: boolean;
}

/**
 * Repeats a call until the storage accepts it. A full disk or a store that does not respond is not a failure: the attempt
 * leaves nothing behind.
 */
export async function waitForStorage<T>(
  call: () => Promise<T>,
  { onWait, patienceMs = Number.POSITIVE_INFINITY, isOnlyStorage = false }: WaitOptions = {},
): Promise<T> {
  const giveUpAtMs = Date.now() + patienceMs;
  for (let delayMs = FIRST_RETRY_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
    try {
      return await call();
    } catch (error) {
      const what =
        WAITS[codeOf(error) ?? ''] ?? (isOnlyStorage && isActivityTimeout(error) ? 'storage' : undefined);
      if (!what || Date.now() >= giveUpAtMs) {
        throw error;
      }
      onWait?.(what);
      await sleep(delayMs, { summary: `Until the next attempt: ${STORAGE_WAIT_MESSAGES[what]}` });
    }
  }
}

/** Wraps activities so that each waits for the storage. */
export function waitingForStorage(onWait: (what: StorageWait) => void) {
  return <Args extends unknown[], Result>(activity: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      waitForStorage(() => activity(...args), { onWait });
}
