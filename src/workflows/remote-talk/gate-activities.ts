import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { GateActivities } from '../../activities/provider-gate.ts';
import type { RemoteTalkActivities } from '../../activities/remote-talk.ts';
import { QUEUES } from '../../contracts/queues.ts';

/** On the queue of the workflows, whose worker can start them without a round trip to the server. */
const common = {
  taskQueue: QUEUES.pipeline,
  heartbeatTimeout: '5 s',
  startToCloseTimeout: '1 minute',
  // The breaker must not get a message after a later one.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/** A run of the breaker accepts 10,000 signals. If it has them all, it soon continues as new. */
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' };

/** Repeated until the breaker has the request. */
export const { tellBreaker: askBreaker } = proxyActivities<GateActivities>({
  ...common,
  retry,
  summary: 'Ask for a place at the provider',
});

/** Given up after a while, because the breaker looks up jobs that do not report. */
export const { tellBreaker: reportToBreaker } = proxyActivities<GateActivities>({
  ...common,
  scheduleToCloseTimeout: '10 minutes',
  retry,
  summary: 'Report to the breaker of the provider',
});

/** For the breaker itself, which decides what to send again. */
export const breakerActivities = proxyActivities<GateActivities>({
  ...common,
  scheduleToCloseTimeout: '2 minutes',
  retry: { ...retry, maximumAttempts: 3 },
  summary: 'Answer jobs, or look up whether they still run',
});

/** One attempt on the queue of the provider, which has its name. */
export function accountActivities(provider: string) {
  return proxyActivities<Pick<RemoteTalkActivities, 'checkProvider'>>({
    ...common,
    taskQueue: provider,
    scheduleToCloseTimeout: '1 minute',
    retry: { maximumAttempts: 1 },
    summary: 'Read the account of the provider, to notice the end of an outage',
  });
}
