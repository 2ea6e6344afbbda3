import { proxyActivities } from '@temporalio/workflow';
import type { RetentionActivities } from '../activities/retention.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { RetentionReport } from '../contracts/schemas/retention.ts';

const { retainFiles } = proxyActivities<RetentionActivities>({
  taskQueue: QUEUES.io,
  startToCloseTimeout: '50 minutes',
  heartbeatTimeout: '5 minutes',
  // What is left is the next run's.
  retry: { maximumAttempts: 3 },
  summary: 'Go through the store',
});

/** Deletes what has had its time; the report is the result. */
export async function retainStorage({ dryRun = false }: { dryRun?: boolean } = {}): Promise<RetentionReport> {
  return retainFiles({ dryRun });
}
