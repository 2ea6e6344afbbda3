import type { EraseReceipt } from '../contracts/erase-receipt.ts';
import type { JobInput } from '../contracts/job.ts';
import type { JobMemo, Progress } from '../contracts/messages.ts';
import type { QueueName } from '../contracts/queues.ts';
import type { RetryPoint } from '../contracts/retry.ts';
import type { Stage } from '../contracts/stages.ts';
import type { QueuePlace, TaskSummary } from '../contracts/task-status.ts';

export interface PendingActivity {
  name: string;
  /** From 1. */
  attempt: number;
  /** What the activity said with its last heartbeat. */
  heartbeat: unknown;
}

/** A job as Temporal itself knows it: no worker is asked, so it is there while all workers are away. */
export interface JobDescription {
  memo: JobMemo;
  status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out';
  /** As the workflow last indexed it; absent before its first step. */
  stage: Stage | undefined;
  activities: PendingActivity[];
  /** Where it waits for a slot, if it does. */
  waitsIn?: QueueName;
}

export type JobStatus = TaskSummary['status'];

export interface JobQuery {
  status?: JobStatus;
  /** The API key whose jobs they are; without it everybody's. */
  owner?: string;
  /** At most so many on a page. */
  limit: number;
  /** Of the page before. Opaque. */
  cursor?: string;
}

export interface JobPage {
  tasks: TaskSummary[];
  nextCursor?: string;
}

/** Where a reader of a job's history stands. Opaque. */
export type HistoryCursor = Uint8Array;

/**
 * What the API needs from Temporal, and nothing more. Every call rejects with TEMPORAL_UNAVAILABLE where no answer comes
 * in seconds, and those for one task with TASK_NOT_FOUND where Temporal does not know it (any more).
 */
export interface JobClient {
  /** Resolves when Temporal answers. */
  ping(): Promise<void>;
  /**
   * Starts the job unless one with its id exists or existed. TEMPORAL_UNAVAILABLE leaves open whether it was started:
   * the same call again tells.
   */
  start(input: JobInput): Promise<{ created: boolean }>;
  describe(taskId: string): Promise<JobDescription>;
  /** An estimate of a waiting job's place among those of its queue. */
  queuePlace(job: { queue: QueueName; stage: Stage; submittedAt: string }): Promise<QueuePlace>;
  /** The jobs of an API key that have not ended, each with the bytes of its uploads. A new one is seen within a second. */
  inFlight(owner: string): Promise<Map<string, number>>;
  /** Jobs that Temporal still knows, newest first. Rejects a cursor that is none with INPUT_INVALID. */
  list(query: JobQuery): Promise<JobPage>;
  /** Asks a worker. TEMPORAL_UNAVAILABLE is also the answer where none is there. */
  progress(taskId: string, since: number): Promise<Progress>;
  /**
   * Resolves when the job may have got further since `cursor`: at once without one, else after minutes perhaps.
   * `undefined` when the job has ended. Rejects with the signal's reason.
   */
  waitForChange(
    taskId: string,
    cursor: HistoryCursor | undefined,
    signal: AbortSignal,
  ): Promise<HistoryCursor | undefined>;
  /**
   * Asks the job to stop and undo itself; asking again, or for one that has ended, changes nothing. Rejects with TASK_ENDED
   * where the video is there already. It is heard also where no worker is there now.
   */
  cancel(taskId: string): Promise<void>;
  /** The choice that the job waits for. Rejects with PERSON_NOT_ASKED, PERSON_CHOICE_INVALID or TASK_ENDED. */
  choosePerson(taskId: string, person: number): Promise<void>;
  /**
   * Erases everything of the task, or finds the receipt of who did; `isKnown` says whether there is something. Rejects with
   * TASK_NOT_FOUND where there is neither, with ERASE_UNDER_WAY where it takes longer than a request may.
   */
  erase(taskId: string, state: { isKnown: boolean }): Promise<EraseReceipt>;
  /** Has a failed job go on. Rejects with RETRY_IMPOSSIBLE, with TASK_NOT_FOUND where nothing is kept of it. */
  retry(taskId: string, from: RetryPoint | undefined): Promise<void>;
}
