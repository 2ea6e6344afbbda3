/** Where a failed job can continue, in order. Each point needs the results of those before it. */
export const RETRY_POINTS = ['upload', 'detection', 'background', 'provider'] as const;
export type RetryPoint = (typeof RETRY_POINTS)[number];

/** The workflow that keeps what a failed job needs to continue. */
export const RETRY_WINDOW = 'retryWindow';
export const RETRY_UPDATE = 'retry';

/** Whether a retried job runs, or waits for its failed attempt to close. */
export type RetryState = 'running' | 'waiting';

/** One for each task. It runs as long as the task can be retried. */
export function toRetryWindowId(taskId: string): string {
  return `retry-window/${taskId}`;
}
