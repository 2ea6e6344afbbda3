import type { JobError, JobResult, Person } from './job.ts';
import type { Stage } from './stages.ts';

/** How a task stands, in its wire form. */
export interface TaskStatus {
  task_id: string;
  stage: Stage;
  progress_percent: number;
  /** For a person. */
  message: string;
  /** ISO 8601, as all times here. */
  submitted_at: string;
  updated_at: string;
  /** Of the step that is under way. */
  attempts?: number;
  /** Where the task waits for a slot. */
  queue?: QueuePlace;
  /** When it will be done, by what the last tasks took; absent where nothing was measured yet, and after the end. */
  eta?: Eta;
  /** The task waits for `POST …/person` with one of these. */
  choice?: { persons: Person[] };
  result?: JobResult;
  error?: JobError;
}

export interface QueuePlace {
  name: string;
  /** From 1: the next one. An estimate: jobs of a better priority may still come in between. */
  position: number;
  /** How many wait in all. */
  length: number;
}

/** Half of such tasks are done by `p50`, nine of ten by `p90`. */
export interface Eta {
  p50: string;
  p90: string;
}

/** Answer to a submission. */
export interface AcceptedTask {
  task_id: string;
  submitted_at: string;
  status_url: string;
  events_url: string;
  video_url: string;
  cancel_url: string;
}

/** A task as a list has it. */
export interface TaskSummary {
  task_id: string;
  stage: Stage;
  status: 'running' | 'completed' | 'failed' | 'cancelled';
  provider?: string;
  submitted_at: string;
  ended_at?: string;
}

export interface TaskList {
  tasks: TaskSummary[];
  /** For the next page; absent on the last one. */
  next_cursor?: string;
}
