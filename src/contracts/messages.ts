/** Names on the wire. Histories hold them: never rename. */
export const GENERATE_VIDEO = 'generateVideo';
export const PROGRESS_QUERY = 'progress';
export const CHOOSE_PERSON_UPDATE = 'choosePerson';
export const CANCEL_UPDATE = 'cancel';

/** `video/<task_id>`: one workflow a task, whoever submits it and however often. */
export function toWorkflowId(taskId: string): string {
  return `video/${taskId}`;
}

/** The task of a `generateVideo` execution. */
export function toTaskId(workflowId: string): string {
  return workflowId.slice(toWorkflowId('').length);
}

/** The task of a workflow, where it is one's. */
export function taskIdOf(workflowId: string): string | undefined {
  return workflowId.startsWith('video/') ? workflowId.slice('video/'.length) : undefined;
}
