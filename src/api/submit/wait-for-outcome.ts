import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { ProgressHub } from '../progress/progress-hub.ts';

/** Resolves with the outcome of a job, or with `undefined` if the signal is aborted first. */
export async function waitForOutcome(
  hub: ProgressHub,
  taskId: string,
  signal: AbortSignal,
): Promise<JobOutcome | undefined> {
  const end = Promise.withResolvers<JobOutcome | undefined>();
  const giveUp = () => end.resolve(undefined);
  signal.addEventListener('abort', giveUp);
  const leave = await hub.follow(taskId, Number.POSITIVE_INFINITY, { send() {}, end: end.resolve });
  try {
    return signal.aborted ? undefined : await end.promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    leave();
  }
}
