import { CancellationScope } from '@temporalio/workflow';
import type { JobResult } from '../../contracts/schemas/job-outcome.ts';
import type { MadeVideo } from '../../contracts/schemas/messages.ts';
import type { Job } from './job.ts';
import { writeEnd } from './write-end.ts';

/** Writes the record of the finished job, and then ends its events. A cancellation comes too late from here on. */
export async function publish(job: Job, video: MadeVideo): Promise<JobResult> {
  const { input, progress, record } = job;
  const result: JobResult = {
    task_id: input.taskId,
    success: true,
    execution_time_ms: record.ageMs,
    metadata: { ...video, timings_ms: progress.timingsMs() },
  };
  await CancellationScope.nonCancellable(async () => {
    const end = await writeEnd(job, 'COMPLETED', 'The video is ready', result);
    progress.end(end, result);
  });
  return result;
}
