import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { RemoteTalkActivities } from '../../activities/remote-talk.ts';
import { withRoom } from '../disk-space-wait.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Activities that call the provider. All send heartbeats, so that a killed worker is noticed within seconds.
 * @param timeScale factor on the delays between attempts.
 */
export function remoteActivities({ queue, label }: { queue: string; label: string }, timeScale: number) {
  const common = {
    taskQueue: queue,
    heartbeatTimeout: '5 s',
    // Longer than the timeouts of all phases together.
    startToCloseTimeout: '2 minutes',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  } satisfies ActivityOptions;
  const retry = {
    initialInterval: 500 * timeScale,
    backoffCoefficient: 2,
    maximumInterval: 30_000 * timeScale,
  };
  return {
    /** One attempt: the workflow decides what comes before the next one. */
    once: proxyActivities<RemoteTalkActivities>({ ...common, retry: { maximumAttempts: 1 } }),
    few: withRoom(
      proxyActivities<RemoteTalkActivities>({ ...common, retry: { ...retry, maximumAttempts: 3 } }),
    ),
    /** For the download of a paid video, and for the terms. */
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
      summary: `Undo at ${label}`,
    }),
  };
}

export type RemoteCalls = ReturnType<typeof remoteActivities>;
