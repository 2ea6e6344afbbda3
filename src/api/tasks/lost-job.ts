import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { JobDescription } from '../../ports/job-client.ts';

/**
 * The end of a job whose workflow could not tell it itself: an operator terminated it, or its code failed. Followers
 * would wait for ever for it otherwise.
 */
export function toLostEnd(
  taskId: string,
  { status, memo }: Pick<JobDescription, 'status' | 'memo'>,
  lastEvent: StageEvent | undefined,
): { event: StageEvent; outcome: JobFailure } {
  const cancelled = status === 'cancelled';
  const message = cancelled
    ? 'The job was cancelled before it began.'
    : status === 'terminated'
      ? 'An operator terminated the job: nothing of it was undone. Submit it again.'
      : 'The job ended unexpectedly. Submit it again; if that ends the same way, tell the operator this task id.';
  const stage = lastEvent?.data.stage ?? 'INITIALIZED';
  const outcome: JobFailure = {
    task_id: taskId,
    success: false,
    execution_time_ms: Date.now() - Date.parse(memo.submittedAt),
    error: {
      code: cancelled ? 'TASK_CANCELLED' : 'INTERNAL',
      message,
      stage,
      retryable: true,
      compensated: [],
    },
  };
  return {
    outcome,
    event: {
      seq: (lastEvent?.seq ?? 0) + 1,
      task_id: taskId,
      event_type: 'stage_update',
      data: {
        stage: cancelled ? 'CANCELLED' : 'FAILED',
        progress_percent: lastEvent?.data.progress_percent ?? 0,
        message,
        details: { outcome },
      },
      timestamp: new Date().toISOString(),
    },
  };
}

/**
 * The end of a job that Temporal knows no more, and whose record does not tell it: it was terminated and then forgotten,
 * or Temporal's database is another one.
 */
export function toForgottenEnd({ task_id, submitted_at, fingerprint, events }: TaskMetadata) {
  const memo = { fingerprint, submittedAt: submitted_at, uploads: [] };
  return toLostEnd(task_id, { status: 'failed', memo }, events.at(-1));
}
