import process from 'node:process';
import type { Context } from '@temporalio/activity';
import { toWorkflowId } from '../src/contracts/messages.ts';
import type { TaskMetadata } from '../src/contracts/schemas/task-metadata.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { addEndedJobMetrics } from '../src/telemetry/metrics/ended-job-metrics.ts';
import { createMetrics } from '../src/telemetry/metrics/metrics.ts';
import { observeActivity } from '../src/telemetry/observe-activity.ts';
import { startTracing } from '../src/telemetry/tracing.ts';

export const JOBS_ALONE = 500;

/**
 * CPU milliseconds of observing one job, without the job itself: a log line for each attempt of an activity, the metrics
 * and spans at its end, and sending them. Contains no noise of a server.
 */
export async function timeObservingAlone(
  job: { calls: readonly string[]; record: TaskMetadata },
  endpoint: string | undefined,
): Promise<number> {
  const logger = createLogger('bench', { level: 'info', destination: { write() {} } });
  const count = addEndedJobMetrics(createMetrics('bench'));
  const tracing = startTracing('bench', {
    endpoint,
    headers: undefined,
    serviceName: 'bench',
    ratio: 1,
    secrets: [],
  });
  let before = process.cpuUsage();
  // The first half warms up V8.
  for (let index = 0; index < JOBS_ALONE * 2; index += 1) {
    if (index === JOBS_ALONE) {
      before = process.cpuUsage();
    }
    for (const activityType of job.calls) {
      await observe(activityType, job.record.task_id, () => logger.info('Done'));
    }
    count(job.record);
    tracing.onEnd(job.record);
    // Waits until the spans are sent, or some would be dropped at no cost.
    if (index % 10 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
  await tracing[Symbol.asyncDispose]();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / JOBS_ALONE;
}

async function observe(activityType: string, taskId: string, work: () => void): Promise<void> {
  const info = {
    activityType,
    attempt: 1,
    taskQueue: 'io',
    currentAttemptScheduledTimestampMs: Date.now(),
    workflowExecution: { workflowId: toWorkflowId(taskId), runId: taskId },
  };
  const { inbound } = observeActivity({ info } as unknown as Context);
  await inbound!.execute!({ args: [], headers: {} }, async () => work());
}
