import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RetryPoint } from '../../contracts/retry.ts';
import type { JobError, JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import { taskPrefix } from '../../contracts/task-keys.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { refusal, toJobError } from '../job-error.ts';
import type { Job } from './job.ts';
import { isWorthRetrying } from './retry-offer.ts';
import { untilWritten, writeEnd } from './write-end.ts';

type Reason = Pick<JobError, 'code' | 'message' | 'retryable' | 'face' | 'stage'>;

/** The last event of a failed job, and its outcome. */
interface End {
  event: StageEvent;
  failure: JobFailure;
}

/**
 * Ends a job that failed or was cancelled: undoes it, writes its record, and then ends its events. If the same job may
 * succeed later, the retry window (`retry-window.ts`) takes over what it needs:
 *
 * 1. The job undoes what no retry needs, and waits until the storage accepts its record.
 * 2. It opens the window, unless it was cancelled meanwhile. Then it undoes the rest itself.
 * 3. It writes the record that offers the retry, publishes its last event, and closes. From 2 on the window decides.
 *
 * Always rejects, with the error that ends the workflow.
 */
export async function failJob(job: Job, error: unknown): Promise<never> {
  const reason = { ...toJobError(error), stage: job.progress.stage };
  const windowS = retryWindowS(job, reason);
  await CancellationScope.nonCancellable(async () => {
    const undone = await job.compensations.run({ forRetry: windowS > 0 });
    // Before readers see the end, so that the job then closes at once and a retry need not wait for it.
    await ignoreFailure(job.claim.release(), 'the others find that this job has ended');
    const offered = windowS > 0 ? await endWithRetry(job, reason, undone, windowS) : undefined;
    const { event, failure } = offered ?? (await endUndone(job, reason, undone));
    job.progress.end(event, failure);
  });
  throw isCancellation(error) ? error : refusal(reason.code, reason.message, error as Error);
}

/** How long a retry is possible, within what the operator and the job allow. 0 if it is not. */
function retryWindowS({ input }: Job, { code }: Reason): number {
  const { retryWindowS = 0, options } = input;
  return code !== 'TASK_CANCELLED' && isWorthRetrying(code)
    ? Math.min(retryWindowS, options.retry_window_s ?? Number.POSITIVE_INFINITY)
    : 0;
}

/** Leaves the uploads and the completed steps to the retry window. Returns `undefined` if there is none. */
async function endWithRetry(
  job: Job,
  reason: Reason,
  undone: string[],
  windowS: number,
): Promise<End | undefined> {
  const { input, progress, record, onStorageWait } = job;
  record.forgetObjects([taskPrefix('uploads', input.taskId), taskPrefix('processed', input.taskId)]);
  // Waits for the storage first: the window gets the last event, and an event about the wait would take its number.
  await untilWritten(record.write(() => ({ events: progress.events }), onStorageWait));
  if (job.scope.isCancelled) {
    return undefined;
  }
  const until = new Date(Date.now() + windowS * 1000).toISOString();
  const failure = toFailure(job, {
    ...reason,
    compensated: undone,
    retry: { from: retryPoints(job), until },
  });
  const event = progress.prepareEnd('FAILED', reason.message, failure);
  // Opened before the record offers a retry. The window changes no record, and starts no job, before this one has closed.
  if (!(await offerRetry(job, { event, failure }))) {
    return undefined;
  }
  await untilWritten(
    record.write(() => ({ events: [...progress.events, event], outcome: failure })),
    () => progress.markUnrecorded(),
  );
  return { event, failure };
}

/** Undoes everything that is left of the job. */
async function endUndone(job: Job, reason: Reason, undone: string[]): Promise<End> {
  const rest = await job.compensations.run();
  job.record.forgetObjects();
  const failure = toFailure(job, { ...reason, compensated: [...undone, ...rest] });
  const stage = reason.code === 'TASK_CANCELLED' ? 'CANCELLED' : 'FAILED';
  return { event: await writeEnd(job, stage, reason.message, failure), failure };
}

function toFailure({ input, record }: Job, error: JobError): JobFailure {
  return { task_id: input.taskId, success: false, execution_time_ms: record.ageMs, error };
}

/**
 * If a talk may be paid, a retry takes it up and never makes a second one. Uploads that were deleted after they were decoded
 * cannot be decoded again.
 */
function retryPoints({ input, completed, remoteTalk }: Job): RetryPoint[] {
  if (remoteTalk?.mayExist) {
    return ['provider'];
  }
  const isDecoded = input.deletesOriginals && completed.has('upload');
  return completed.retryPoints.filter((point) => point !== 'upload' || !isDecoded);
}

function offerRetry(
  { input, progress, record, completed, remoteTalk, retryOffer }: Job,
  { event, failure }: End,
): Promise<boolean> {
  const { resume: earlier, ...submitted } = input;
  const written = record.toMetadata([...progress.events, event], failure);
  return retryOffer.make({
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
