import type { JobOutcome } from './job.ts';
import type { StageEvent } from './stages.ts';

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

/** Answer of the query `progress(since)`. */
export interface Progress {
  /** Events with `seq` greater than `since`. */
  events: StageEvent[];
  /** Set once the last event is terminal. */
  outcome?: JobOutcome;
}

/** The memo of a `generateVideo` execution: what an API process needs without asking a worker. */
export interface JobMemo {
  fingerprint: string;
  /** ISO 8601, as in the job's input. */
  submittedAt: string;
  /** Keys of the uploads that the job reads: whatever else was uploaded under its id is nobody's. */
  uploads: string[];
  /** Bytes of the uploads. */
  uploadBytes?: number;
  /** The API key that it was submitted with. */
  owner?: string;
}
