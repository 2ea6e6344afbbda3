import type { ErrorCode } from './error-codes.ts';
import type { Stage } from './stages.ts';

/**
 * What a job spends its time on. At every moment it is one of them: a slot or worker of ours computes, the provider works
 * or is waited for, an attempt that came to nothing is made good, work waits for a slot, for
 * room or for the same job, or none of these.
 */
export const TIME_KINDS = ['compute', 'provider', 'retry', 'queue', 'orchestration'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];
/** Milliseconds; their sum is the whole. */
export type TimeSplit = Record<TimeKind, number>;

/** One call of an activity. */
export interface TimelineStep {
  name: string;
  /** The task queue that it waited in. */
  queue: string;
  /** ISO 8601, as all times here. */
  scheduled_at: string;
  /** Of the last attempt: Temporal keeps no times of those before. */
  started_at?: string;
  /** Absent while it is under way. */
  ended_at?: string;
  /** How many were made so far. */
  attempts: number;
  /** From the first scheduling to the start of the last attempt, where there were several: failures, pauses and waits. */
  retry_ms: number;
  /** From scheduling to start, where the first attempt is the last. */
  queue_ms: number;
  /** Of the last attempt. */
  run_ms: number;
  outcome: 'running' | 'completed' | 'failed' | 'timed_out' | 'cancelled';
  /** Of the last failure, also where a later attempt succeeded. */
  error?: { code?: ErrorCode; message: string };
}

export interface TimelineStage {
  stage: Stage;
  started_at: string;
  ended_at?: string;
  /** So far, where it has not ended. */
  ms: number;
  split_ms: TimeSplit;
  steps: TimelineStep[];
}

/** Where the time of a job went. */
export interface Timeline {
  task_id: string;
  /** `events`: only the stages are known, because the record is of before there were timelines. */
  source: 'history' | 'record' | 'events';
  submitted_at: string;
  ended_at?: string;
  total_ms: number;
  /** Absent where only the stages are known. */
  split_ms?: TimeSplit;
  stages: TimelineStage[];
}

export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
}

/** The same over many jobs. */
export interface TimelineSummary {
  /** Jobs that ended since then. */
  since: string;
  jobs: number;
  total_ms: Percentiles;
  /** Of jobs whose timeline is known. */
  split_ms: Record<TimeKind, Percentiles>;
  stages: Array<{ stage: Stage; jobs: number; ms: Percentiles; split_ms: Record<TimeKind, Percentiles> }>;
}
