/** Histories contain these names: never rename them. */
export const GENERATE_VIDEO = 'generateVideo';
export const PROGRESS_QUERY = 'progress';
export const CHOOSE_PERSON_UPDATE = 'choosePerson';
export const CANCEL_UPDATE = 'cancel';

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
