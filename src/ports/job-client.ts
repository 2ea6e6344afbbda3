import type { QueueName } from '../contracts/queues.ts';
import type { RetryPoint, RetryState } from '../contracts/retry.ts';
import type { EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import type { JobInput, RemoteThing } from '../contracts/schemas/job.ts';
import type { JobMemo, Progress } from '../contracts/schemas/messages.ts';
import type { QueuePlace, TaskSummary } from '../contracts/schemas/task-status.ts';
import type { Timeline } from '../contracts/schemas/timeline.ts';
import type { Stage } from '../contracts/stages.ts';

export interface PendingActivity {
  name: string;
  /** The number of the attempt, from 1. */
  attempt: number;
  /** Start of the attempt. Absent while it waits for a worker. */
  startedAt?: string;
  /** Details of the last heartbeat. */
  heartbeat: unknown;
}

/** A job as Temporal's server describes it. It needs no worker, so it is available while all workers are down. */
export interface JobDescription {
  memo: JobMemo;
  status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out';
  /** The stage that the workflow indexed last. Absent before its first step. */
  stage: Stage | undefined;
  activities: PendingActivity[];
  /** The queue in which the job waits for a slot. */
  waitsIn?: QueueName;
}

export interface Erasure {
  /** The API key whose task it was. Absent if it had none. */
  owner?: string | undefined;
  /** Whether something is still to be deleted, here or at the provider. Nothing may be stored under the id until then. */
  isRunning: boolean;
}

export type JobStatus = TaskSummary['status'];

export interface JobQuery {
  status?: JobStatus;
  /** Only jobs of this API key. Default: of all keys. */
  owner?: string;
  /** Picks the jobs to list out of many, keeping their order. A page may then have fewer jobs than `limit`, even if it is not the last. */
  select?: (tasks: TaskSummary[]) => Promise<TaskSummary[]>;
  /** Maximum number of jobs on a page. */
  limit: number;
  /** `nextCursor` of the previous page. Opaque. */
  cursor?: string;
}

export interface JobPage {
  tasks: TaskSummary[];
  nextCursor?: string;
}

/** Position of a reader in a job's history. Opaque. */
export type HistoryCursor = Uint8Array;

/**
 * What the API asks of Temporal. Every call rejects with TEMPORAL_UNAVAILABLE if no answer comes within seconds. Calls for
 * one task reject with TASK_NOT_FOUND if Temporal does not know the task, or no longer.
 */
export interface JobClient {
  /** Resolves when Temporal answers. */
  ping(): Promise<void>;
  /**
   * Starts the job, unless one with its id exists or existed. Idempotent: after TEMPORAL_UNAVAILABLE the job may or may not
   * have been started, and the same call again returns which.
   */
  start(input: JobInput): Promise<{ created: boolean }>;
  describe(taskId: string): Promise<JobDescription>;
  /** Estimates a waiting job's place among the jobs of its queue. */
  queuePlace(job: { queue: QueueName; stage: Stage; submittedAt: string }): Promise<QueuePlace>;
  /** The unfinished jobs of an API key, each with the bytes of its uploads. A new job appears within a second. */
  inFlight(owner: string): Promise<Map<string, number>>;
  /** Jobs that Temporal still remembers, newest submission first. Rejects with INPUT_INVALID if the cursor is invalid. */
  list(query: JobQuery): Promise<JobPage>;
  /** Asks a worker. Also rejects with TEMPORAL_UNAVAILABLE if no worker is running. */
  progress(taskId: string, since: number): Promise<Progress>;
  /**
   * Resolves when the job may have progressed since `cursor`: at once without a cursor, perhaps after minutes with one.
   * `undefined` when the job has ended. Rejects with the signal's reason.
   */
  waitForChange(
    taskId: string,
    cursor: HistoryCursor | undefined,
    signal: AbortSignal,
  ): Promise<HistoryCursor | undefined>;
  /**
   * Asks the job to stop and undo itself. Idempotent; does nothing if the job has ended. Rejects with TASK_ENDED if the
   * video is ready. Works without a worker: the job stops when one is back.
   */
  cancel(taskId: string): Promise<void>;
  /**
   * Makes the choice that the job waits for. The same choice again succeeds. Rejects with PERSON_NOT_ASKED,
   * PERSON_CHOICE_INVALID or TASK_ENDED.
   */
  choosePerson(taskId: string, person: number): Promise<void>;
  /**
   * Erases everything of the task. Idempotent: a later call returns the newest receipt. `isKnown` is whether anything of the
   * task exists, and `owner` is the API key whose task it is. If only the provider still has something of it, the receipt
   * lists that as `pending`. Rejects with TASK_NOT_FOUND if there is neither a task nor a receipt, and with ERASE_UNDER_WAY
   * if deleting our own files takes longer than a request may.
   */
  erase(taskId: string, task: { isKnown: boolean; owner?: string | undefined }): Promise<EraseReceipt>;
  /** The last erasure under this id. It is known for as long as its receipt. */
  describeErasure(taskId: string): Promise<Erasure>;
  /**
   * Resumes a failed job, once its failed attempt has closed: until then the job is `waiting`. Rejects with RETRY_IMPOSSIBLE
   * if it cannot continue from there, and with TASK_NOT_FOUND if nothing is kept for a retry. Does nothing if a request with
   * the same key has resumed the job before.
   */
  retry(taskId: string, request: RetryRequest): Promise<RetryState>;
  /** Whether a retry of a job that has failed is accepted, so that its next attempt runs or will. Needs no worker. */
  isRetried(taskId: string): Promise<boolean>;
}

export interface RetryRequest {
  /** Default: the last possible point. */
  from?: RetryPoint | undefined;
  /** The same in all repetitions of one request. */
  key?: string | undefined;
}

export interface TimelineClient {
  /** Built from the job's history, also while it runs. Rejects with TASK_NOT_FOUND and TEMPORAL_UNAVAILABLE. */
  read(taskId: string): Promise<Timeline>;
}

/** What a task left at its provider, according to its histories. */
export interface RemoteLedger {
  /** Everything that was made there and not deleted since. */
  things: RemoteThing[];
  /** Orders of a talk by a job that was terminated before it had the answer. The talk may exist. */
  lostTalks: Array<{ provider: string; createdSince: string }>;
}

/** The workflow executions of one task, for erasing it. */
export interface TaskExecutions {
  /**
   * Cancels the job so that it undoes itself, closes its retry window, and drops undelivered webhooks. Resolves when
   * only deletions at its provider still run for the task. Idempotent.
   */
  end(taskId: string, signal: AbortSignal): Promise<void>;
  /** Reads it from the histories of the task. Call it before `delete`. */
  ledger(taskId: string): Promise<RemoteLedger>;
  /** Resolves when none of these workflows runs. */
  untilEnded(workflowIds: readonly string[], signal: AbortSignal): Promise<void>;
  /**
   * Deletes finished executions with their histories. Returns their names, and which of them had to be terminated. What is
   * already gone is not listed.
   *
   * @param also ids of tidy-ups that an earlier call has returned
   * @returns with `tidyUps`, the ids of the workflows that still delete what jobs of the task have left at its provider
   */
  delete(taskId: string, also?: readonly string[]): Promise<{ names: string[]; tidyUps: string[] }>;
}
