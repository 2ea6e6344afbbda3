import { sleep } from '@temporalio/workflow';
import { codeOf, isActivityTimeout } from './job-error.ts';

const FIRST_RETRY_DELAY_MS = 2_000;
/** From here on the delay grows with the outage only, so that a day of waiting adds a few thousand events to the history. */
const DOUBLED_DELAY_MS = 60_000;
const SHARE_OF_OUTAGE = 0.05;
const MAX_RETRY_DELAY_MS = 10 * 60_000;
/** An attempt that took longer has met a new outage: during one, attempts fail within two minutes. */
const MAX_FAILING_MS = 5 * 60_000;

/**
 * How long a job that has ended waits to write its record and to undo its work. A person's photo must not stay because a
 * store was unavailable for an hour.
 */
export const PATIENCE_MS = 24 * 3_600_000;

/** What a job waits for. Clients read it in `waiting_for` of its events. */
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
  /** After this time the next error rejects. By default there is no limit but the deadline of the job. */
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
  let failures = 0;
  let awaySinceMs = 0;
  for (;;) {
    const triedAtMs = Date.now();
    try {
      return await call();
    } catch (error) {
      const what =
        WAITS[codeOf(error) ?? ''] ?? (isOnlyStorage && isActivityTimeout(error) ? 'storage' : undefined);
      const nowMs = Date.now();
      if (!what || nowMs >= giveUpAtMs) {
        throw error;
      }
      if (failures === 0 || nowMs - triedAtMs > MAX_FAILING_MS) {
        failures = 0;
        awaySinceMs = nowMs;
      }
      failures += 1;
      onWait?.(what);
      await sleep(toRetryDelayMs(failures, nowMs - awaySinceMs), {
        summary: `Until the next attempt: ${STORAGE_WAIT_MESSAGES[what]}`,
      });
    }
  }
}

/** @param failures in this outage, from 1 */
export function toRetryDelayMs(failures: number, awayMs: number): number {
  const doubled = Math.min(FIRST_RETRY_DELAY_MS * 2 ** (failures - 1), DOUBLED_DELAY_MS);
  return Math.min(Math.max(doubled, awayMs * SHARE_OF_OUTAGE), MAX_RETRY_DELAY_MS);
}

/** Wraps activities so that each waits for the storage. */
export function waitingForStorage(onWait: (what: StorageWait) => void) {
  return <Args extends unknown[], Result>(activity: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      waitForStorage(() => activity(...args), { onWait });
}
