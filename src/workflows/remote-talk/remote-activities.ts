import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { RemoteTalkActivities } from '../../activities/remote-talk.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { withRoom } from '../disk-space-wait.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Activities that talk to the provider. Each beats: a worker that was killed is noticed within seconds.
 * @param timeScale factor on the pauses between attempts.
 */
export function remoteActivities(timeScale: number) {
  const common = {
    taskQueue: QUEUES.dId,
    heartbeatTimeout: '5 s',
    // Longer than every phase's own timeout together.
    startToCloseTimeout: '2 minutes',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  } satisfies ActivityOptions;
  const retry = {
    initialInterval: 500 * timeScale,
    backoffCoefficient: 2,
    maximumInterval: 30_000 * timeScale,
  };
  return {
    /** One attempt of each: the workflow knows what to do before the next one. */
    once: proxyActivities<RemoteTalkActivities>({ ...common, retry: { maximumAttempts: 1 } }),
    few: withRoom(
      proxyActivities<RemoteTalkActivities>({ ...common, retry: { ...retry, maximumAttempts: 3 } }),
    ),
    /** A video that was paid for is worth many attempts, and so is knowing the terms. */
    many: withRoom(
      proxyActivities<RemoteTalkActivities>({
        ...common,
        startToCloseTimeout: '30 minutes',
        retry: { ...retry, maximumAttempts: 12 },
      }),
    ),
    /** An outage of a day must not leave a person's photo there. */
    undo: proxyActivities<RemoteTalkActivities>({
      ...common,
      scheduleToCloseTimeout: 2 * DAY_MS,
      retry,
      summary: 'Undo at D-ID',
    }),
  };
}

export type RemoteCalls = ReturnType<typeof remoteActivities>;
