import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { JobDescription } from '../../ports/job-client.ts';

/**
 * The end of a job whose workflow could not report it: an operator terminated it, or its code failed. Without this,
 * readers would wait forever.
 */
export function toLostEnd(
  taskId: string,
  { status, memo }: Pick<JobDescription, 'status'> & { memo: Pick<JobDescription['memo'], 'submittedAt'> },
  lastEvent: StageEvent | undefined,
): { event: StageEvent; outcome: JobFailure } {
  const cancelled = status === 'cancelled';
  const message = cancelled
    ? 'The task was cancelled before it started.'
    : status === 'terminated'
      ? 'An operator terminated the task, and nothing was undone. Submit it again.'
      : 'The task ended unexpectedly. Submit it again. If it ends the same way, give the operator this task id.';
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
 * The end of a job that Temporal has forgotten and whose record has no outcome: it was terminated, or Temporal's database
 * was replaced.
 */
export function toForgottenEnd({ task_id, submitted_at, events }: TaskMetadata) {
  const memo = { submittedAt: submitted_at };
  return toLostEnd(task_id, { status: 'failed', memo }, events.at(-1));
}
