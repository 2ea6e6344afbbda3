/** Histories contain these names: never rename them. */
export const GENERATE_VIDEO = 'generateVideo';
export const PROGRESS_QUERY = 'progress';
export const CHOOSE_PERSON_UPDATE = 'choosePerson';
/** Changes nothing: refused if the job can no longer be cancelled. */
export const CHECK_CANCEL_UPDATE = 'checkCancel';
/** Has no effect on a job. It tells the sender whether the job is still open. */
export const PROBE_SIGNAL = 'probe';

/**
 * After its deadline a job may wait a day for the storage at each of its undo steps, of which there are eight, and at its last
 * two records. Temporal ends any job that is still open after that.
 */
const MAX_END_MS = 10 * 24 * 3_600_000;

/** Milliseconds from the start of a job to the time when Temporal ends it. */
export function toRunTimeoutMs({ deadline_s }: { deadline_s: number }): number {
  return deadline_s * 1000 + MAX_END_MS;
}

export const PREVIEW_PHOTO = 'previewPhoto';

const JOB_PREFIX = 'video/';

/** `video/<task_id>`: one workflow for each task, however often it is submitted. */
export function toWorkflowId(taskId: string): string {
  return `${JOB_PREFIX}${taskId}`;
}

/** The task of a workflow. `undefined` if the workflow is not a `generateVideo`. */
export function taskIdOf(workflowId: string): string | undefined {
  return workflowId.startsWith(JOB_PREFIX) ? workflowId.slice(JOB_PREFIX.length) : undefined;
}

/** One workflow for each preview of a photo. */
export function toPreviewWorkflowId(previewId: string): string {
  return `preview/${previewId}`;
}
