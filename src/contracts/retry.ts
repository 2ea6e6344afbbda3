/** Where a failed job can continue, in order. Each point needs the results of those before it. */
export const RETRY_POINTS = ['upload', 'detection', 'background', 'provider'] as const;
export type RetryPoint = (typeof RETRY_POINTS)[number];

/** The workflow that keeps what a failed job needs to continue. */
export const RETRY_WINDOW = 'retryWindow';
export const RETRY_UPDATE = 'retry';
/** In the memo of that workflow once it has accepted a retry, so that the API needs no worker to know. */
export const RETRIED_FROM_MEMO = 'retriedFrom';

/** Whether a retried job runs, or waits for its failed attempt to close. */
export type RetryState = 'running' | 'waiting';

/** One for each task. It runs as long as the task can be retried. */
export function toRetryWindowId(taskId: string): string {
  return `retry-window/${taskId}`;
}

/** A retry that a task has gone on with. */
export interface PastRetry {
  from: RetryPoint;
  /** The `Idempotency-Key` of its request. */
  key?: string;
}

type Eventful = { data: { details?: Record<string, unknown> | undefined } };

/** The retries of a task so far, oldest first, as `toRetryDetails` put them into its events. */
export function retriesOf(events: readonly Eventful[]): PastRetry[] {
  return events.flatMap(({ data: { details } }) => {
    const { retried_from: from, idempotency_key: key } = details ?? {};
    return from === undefined ? [] : [{ from, ...(key !== undefined && { key }) } as PastRetry];
  });
}

/** Details of the event of a failure that was retried. */
export function toRetryDetails({ from, key }: PastRetry): Record<string, unknown> {
  return { retried_from: from, ...(key !== undefined && { idempotency_key: key }) };
}
