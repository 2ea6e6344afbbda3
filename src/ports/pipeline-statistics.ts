import type { RetentionReport } from '../contracts/schemas/retention.ts';
import type { Stage } from '../contracts/stages.ts';

/** How a job ended. `refused`: the input cannot be used, such as a photo without a person. */
export type JobEnd = 'completed' | 'failed' | 'refused' | 'cancelled';

export interface EndedJob {
  end: JobEnd;
  /** The provider that the job was submitted for. */
  provider: string;
  /** Time from start to end, waits included. */
  tookMs: number;
}

export interface QueueStatistics {
  /** Tasks that no worker has taken yet. */
  waiting: number;
  /** Age of the oldest of them. */
  oldestMs: number;
  /** Workers that asked for work in the last minutes. */
  pollers: number;
}

export interface RetentionStatistics {
  /** When a run last succeeded. */
  lastSuccess: Date | undefined;
  /** Runs that failed since then or since `since`, whichever is later. */
  failures: number;
}

/** A workflow that makes no progress: its code fails each time it runs, and Temporal retries it forever. */
export interface StuckWorkflow {
  workflowId: string;
  /** Name of the workflow type. */
  type: string;
  /** Absent if the workflow belongs to no task. */
  taskId?: string;
  /** In Temporal's words, such as `WorkflowTaskFailedCauseNonDeterministicError`. */
  cause: string;
  startedAt: Date;
}

/**
 * Counts over all jobs in Temporal, the same from every process. Each call only reads, and rejects with
 * TEMPORAL_UNAVAILABLE if no answer comes within seconds.
 */
export interface PipelineStatistics {
  /** Jobs that ended after `from` and up to `to`, as far back as Temporal remembers. */
  endedJobs(from: Date, to: Date): AsyncIterable<EndedJob>;
  countEnds(since: Date): Promise<Record<JobEnd, number>>;
  countRunning(): Promise<number>;
  countRunningByStage(): Promise<Partial<Record<Stage, number>>>;
  /** @param name of the task queue: one of `QUEUES`, or of a remote provider. */
  queue(name: string): Promise<QueueStatistics>;
  retention(since: Date): Promise<RetentionStatistics>;
  /** At most 20. None if this Temporal does not report them (before 1.30). */
  stuckWorkflows(): Promise<StuckWorkflow[]>;
}

/** The reports of finished retention runs. */
export interface RetentionRuns {
  /** Newest first. Rejects with TEMPORAL_UNAVAILABLE. */
  newest(count: number): Promise<RetentionReport[]>;
}
