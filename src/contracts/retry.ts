import type { ProviderUsage, StoredObject } from './job.ts';
import type { StageEvent } from './stages.ts';

/** Where a failed job can go on, first to last: each point needs what the ones before it made. */
export const RETRY_POINTS = ['upload', 'detection', 'background', 'provider'] as const;
export type RetryPoint = (typeof RETRY_POINTS)[number];

/** The workflow that keeps what a failed job needs to go on. Names on the wire: never renamed. */
export const RETRY_WINDOW = 'retryWindow';
export const RETRY_UPDATE = 'retry';

/** One a task: it is there as long as the task can be retried. */
export function toRetryWindowId(taskId: string): string {
  return `retry-window/${taskId}`;
}

/** What a failed job leaves to the one that goes on under its id. */
export interface Resume {
  /** From 2. */
  attempt: number;
  from: RetryPoint;
  /** ISO 8601: the deadline counts from here. */
  at: string;
  /** All so far; the one that told of the failure is no end any more. */
  events: StageEvent[];
  /** What the steps before `from` gave, by point. Only workflow code looks into it. */
  steps: Partial<Record<RetryPoint, unknown>>;
  objects: StoredObject[];
  usage: ProviderUsage[];
  /** What lies at the provider, above all a talk that is paid. Only workflow code looks into it. */
  leftovers?: unknown;
}
