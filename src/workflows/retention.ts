import { proxyActivities } from '@temporalio/workflow';
import type { RetentionActivities } from '../activities/retention.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { RetentionReport } from '../contracts/schemas/retention.ts';

const { retainFiles } = proxyActivities<RetentionActivities>({
  taskQueue: QUEUES.io,
  startToCloseTimeout: '50 minutes',
  heartbeatTimeout: '30 seconds',
  // The next run continues where this one stopped.
  retry: { maximumAttempts: 3 },
  summary: 'Delete expired files',
});

/** Deletes expired files, and returns a report. */
export async function retainStorage({ dryRun = false }: { dryRun?: boolean } = {}): Promise<RetentionReport> {
  return retainFiles({ dryRun });
}
