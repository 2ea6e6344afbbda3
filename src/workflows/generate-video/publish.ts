import { CancellationScope } from '@temporalio/workflow';
import type { JobResult } from '../../contracts/schemas/job-outcome.ts';
import type { MadeVideo } from '../../contracts/schemas/messages.ts';
import type { Job } from './job.ts';

/** Writes the record of the finished job, and then ends its events. A cancellation comes too late from here on. */
export async function publish({ input, progress, record }: Job, video: MadeVideo): Promise<JobResult> {
  const result: JobResult = {
    task_id: input.taskId,
    success: true,
    execution_time_ms: record.ageMs,
    metadata: { ...video, timings_ms: progress.timingsMs() },
  };
  await CancellationScope.nonCancellable(async () => {
    const end = progress.prepareEnd('COMPLETED', 'The video is ready', result);
    await record.write([...progress.events, end], result);
    progress.end(end, result);
  });
  return result;
}
