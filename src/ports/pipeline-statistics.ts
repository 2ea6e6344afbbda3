import type { QueueName } from '../contracts/queues.ts';
import type { Stage } from '../contracts/stages.ts';

/** What became of a job: `refused` is a failure that only other input mends, such as a photo of nobody. */
export type JobEnd = 'completed' | 'failed' | 'refused' | 'cancelled';

export interface EndedJob {
  end: JobEnd;
  /** As the job was submitted for. */
  provider: string;
  /** From its start to its end, waits included. */
  tookMs: number;
}

export interface QueueStatistics {
  /** Tasks that no worker has taken yet. */
  waiting: number;
  /** How long the first of them has waited. */
  oldestMs: number;
  /** Workers that asked for work in the last minutes. */
  pollers: number;
}

export interface RetentionStatistics {
  /** When a run last ended well. */
  lastSuccess: Date | undefined;
  /** Runs that failed since then or since `since`, whichever is later. */
  failures: number;
}

/**
 * What Temporal knows of all jobs, whichever process made them and whichever asks. Every call rejects with
 * TEMPORAL_UNAVAILABLE where no answer comes in seconds.
 */
export interface PipelineStatistics {
  /** Jobs that ended after `from`, and not after `to`, as far back as Temporal remembers. */
  endedJobs(from: Date, to: Date): AsyncIterable<EndedJob>;
  /** How many ended so since then. */
  countEnds(since: Date): Promise<Record<JobEnd, number>>;
  countRunning(): Promise<number>;
  countRunningByStage(): Promise<Partial<Record<Stage, number>>>;
  queue(name: QueueName): Promise<QueueStatistics>;
  retention(since: Date): Promise<RetentionStatistics>;
}
