import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RetryPoint } from '../../contracts/retry.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import { taskPrefix } from '../../contracts/task-keys.ts';
import { toJobError } from '../job-error.ts';
import type { Job } from './job.ts';
import { leaveToRetryWindow, mayPassLater } from './retry-offer.ts';

/**
 * Undoes everything, then writes and tells the end: FAILED or CANCELLED. Where the same job may succeed later, what it
 * needs for that is left to the retry window instead.
 */
export async function failJob(error: unknown, job: Job): Promise<JobFailure> {
  const { input, progress, record, compensations } = job;
  const stage = progress.stage;
  const reason = toJobError(error);
  const windowS = isCancellation(error) || !mayPassLater(reason.code) ? 0 : (input.retryWindowS ?? 0);
  const forRetry = windowS > 0;
  const compensated = await compensations.run({ forRetry });
  const { taskId } = input;
  record.forgetObjects(forRetry ? [taskPrefix('uploads', taskId), taskPrefix('processed', taskId)] : []);
  const failure: JobFailure = {
    task_id: taskId,
    success: false,
    execution_time_ms: record.ageMs,
    error: {
      ...reason,
      stage,
      compensated,
      ...(forRetry && {
        retry: { from: retryPoints(job), until: new Date(Date.now() + windowS * 1000).toISOString() },
      }),
    },
  };
  await CancellationScope.nonCancellable(async () => {
    const name = isCancellation(error) ? 'CANCELLED' : 'FAILED';
    const end = progress.prepareEnd(name, failure.error.message, failure);
    await record.write([...progress.events, end], failure);
    if (forRetry && !(await leave(job, failure))) {
      const { retry: _, ...rest } = failure.error;
      failure.error = { ...rest, compensated: [...compensated, ...(await compensations.run())] };
      record.forgetObjects();
      await record.write([...progress.events, end], failure);
    }
    progress.end(end, failure);
  });
  return failure;
}

/** A talk that may be paid for is taken up again, and never made a second time. */
function retryPoints({ steps, remoteTalk }: Job): RetryPoint[] {
  return remoteTalk?.mayExist ? ['provider'] : steps.points;
}

function leave({ input, progress, record, steps, remoteTalk }: Job, failure: JobFailure): Promise<boolean> {
  const { resume: before, ...submitted } = input;
  const end = progress.prepareEnd('FAILED', failure.error.message, failure);
  const written = record.toMetadata([...progress.events, end], failure);
  return leaveToRetryWindow({
    input: submitted,
    record: written,
    failure,
    resume: {
      attempt: (before?.attempt ?? 1) + 1,
      steps: steps.done,
      objects: written.objects,
      usage: written.usage ?? [],
    },
    leftovers: remoteTalk?.mayExist ? remoteTalk.leftovers : undefined,
  });
}
