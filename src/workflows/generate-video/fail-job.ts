import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RetryPoint } from '../../contracts/retry.ts';
import type { JobError, JobFailure } from '../../contracts/schemas/job-outcome.ts';
import { taskPrefix } from '../../contracts/task-keys.ts';
import { refusal, toJobError } from '../job-error.ts';
import type { Job } from './job.ts';
import { isWorthRetrying, openRetryWindow } from './retry-offer.ts';

/**
 * Ends a job that failed or was cancelled: undoes it, writes its record, and then ends its events. If the same job may
 * succeed later, the retry window takes over what it needs. Always rejects, with what ends the workflow.
 */
export async function failJob(job: Job, error: unknown): Promise<never> {
  const { input, progress, record, compensations } = job;
  const isCancelled = isCancellation(error);
  const { stage } = progress;
  const reason = toJobError(error);
  const windowS =
    isCancelled || !isWorthRetrying(reason.code)
      ? 0
      : Math.min(input.retryWindowS ?? 0, input.options.retry_window_s ?? Number.POSITIVE_INFINITY);
  await CancellationScope.nonCancellable(async () => {
    const toFailure = (
      rest: Pick<JobError, 'compensated'> & Partial<Pick<JobError, 'retry'>>,
    ): JobFailure => ({
      task_id: input.taskId,
      success: false,
      execution_time_ms: record.ageMs,
      error: { ...reason, stage, ...rest },
    });
    const write = async (failure: JobFailure) => {
      const end = progress.prepareEnd(isCancelled ? 'CANCELLED' : 'FAILED', reason.message, failure);
      await record.write([...progress.events, end], failure);
      return { failure, end };
    };

    let compensated = await compensations.run({ forRetry: windowS > 0 });
    let ended: Awaited<ReturnType<typeof write>> | undefined;
    if (windowS > 0) {
      record.forgetObjects([taskPrefix('uploads', input.taskId), taskPrefix('processed', input.taskId)]);
      const until = new Date(Date.now() + windowS * 1000).toISOString();
      ended = await write(toFailure({ compensated, retry: { from: retryPoints(job), until } }));
      if (!(await offerRetry(job, ended.failure))) {
        compensated = [...compensated, ...(await compensations.run())];
        ended = undefined;
      }
    }
    if (!ended) {
      record.forgetObjects();
      ended = await write(toFailure({ compensated }));
    }
    progress.end(ended.end, ended.failure);
  });
  throw isCancelled ? error : refusal(reason.code, reason.message, error as Error);
}

/** A talk that may be paid is taken up again, and never made a second time. */
function retryPoints({ completed, remoteTalk }: Job): RetryPoint[] {
  return remoteTalk?.mayExist ? ['provider'] : completed.retryPoints;
}

/** Returns `false` if the retry window cannot be opened. */
function offerRetry(
  { input, progress, record, completed, remoteTalk }: Job,
  failure: JobFailure,
): Promise<boolean> {
  const { resume: earlier, ...submitted } = input;
  const end = progress.prepareEnd('FAILED', failure.error.message, failure);
  const written = record.toMetadata([...progress.events, end], failure);
  return openRetryWindow({
    input: submitted,
    record: written,
    failure,
    resume: {
      attempt: (earlier?.attempt ?? 1) + 1,
      steps: completed.results,
      objects: written.objects,
      usage: written.usage ?? [],
    },
    leftovers: remoteTalk?.mayExist ? remoteTalk.leftovers : undefined,
  });
}
