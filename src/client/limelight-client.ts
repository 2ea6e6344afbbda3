import type { RetryPoint } from '../contracts/retry.ts';
import type { EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import type { JobOutcome } from '../contracts/schemas/job-outcome.ts';
import type { AcceptedTask, TaskList, TaskStatus } from '../contracts/schemas/task-status.ts';
import type { Timeline, TimelineSummary } from '../contracts/schemas/timeline.ts';
import { isTerminal } from '../contracts/stages.ts';
import { isFailure, PipelineError } from '../errors.ts';
import { createHttp, type HttpOptions } from './http.ts';
import { type Submission, toForm } from './submission.ts';
import { type EventOptions, type ReceivedEvent, readTaskEvents } from './task-events.ts';
import { newTaskId } from './task-id.ts';

export type { HttpOptions, ReceivedEvent, Submission };
export { isFailure, newTaskId, PipelineError };

export type TaskFile = 'video' | 'cutout' | 'mask' | 'thumbnail';

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * A client for browsers and Node. Refused calls reject with a `PipelineError` that has the `code` and the message of the
 * server. A call is retried if the server cannot be reached or answers with `Retry-After`. Every call is idempotent.
 */
export interface LimelightClient {
  /** The task is durable when this resolves. Submitting the same `taskId` again returns the same task. */
  submit(submission: Submission, options?: CallOptions): Promise<AcceptedTask>;
  /** Every event from the first, or after `since`, to the last. Reconnects as often as needed. */
  events(taskId: string, options?: EventOptions): AsyncGenerator<ReceivedEvent, void>;
  /** Waits for the end of the task and returns its outcome. */
  wait(
    taskId: string,
    options?: EventOptions & { onEvent?: (event: ReceivedEvent) => void },
  ): Promise<JobOutcome>;
  status(taskId: string, options?: CallOptions): Promise<TaskStatus>;
  /** Recent tasks, newest first. `search` is part of the name. `cursor` is the `next_cursor` of the previous page. */
  list(
    options?: CallOptions & { cursor?: string; status?: string; search?: string; limit?: number },
  ): Promise<TaskList>;
  rename(taskId: string, name: string, options?: CallOptions): Promise<TaskStatus>;
  /** Stops and undoes the task. Does nothing if it has ended. */
  cancel(taskId: string, options?: CallOptions): Promise<TaskStatus>;
  /**
   * Continues a failed task from a stage whose inputs still exist. Default: the last possible one. The `message` of the
   * status says if the task waits until its failed attempt has closed.
   */
  retry(taskId: string, options?: CallOptions & { from?: RetryPoint }): Promise<TaskStatus>;
  /** Answers a task with `persons=ask`. */
  choosePerson(taskId: string, person: number, options?: CallOptions): Promise<TaskStatus>;
  /**
   * Deletes everything about the task, here and at the provider. The receipt lists it. Things that are `pending` at the
   * provider are deleted later; another call returns the newest receipt.
   */
  erase(taskId: string, options?: CallOptions): Promise<EraseReceipt>;
  /** A file of the task. Its body is a stream; `blob()` reads all of it. */
  download(taskId: string, options?: CallOptions & { file?: TaskFile }): Promise<Response>;
  /** Where the time went, by stage and attempt. */
  timeline(taskId: string, options?: CallOptions): Promise<Timeline>;
  /** Percentiles over the tasks that ended in the last 24 hours. */
  timelineSummary(options?: CallOptions): Promise<TimelineSummary>;
  /** Whether the server accepts submissions now. */
  isReady(options?: CallOptions): Promise<boolean>;
  /** Whether the server runs, ready or not. */
  isAlive(options?: CallOptions): Promise<boolean>;
}

export function createLimelightClient(options: HttpOptions): LimelightClient {
  const http = createHttp(options);
  const toPath = (taskId: string, rest = '') => `/api/pipeline/tasks/${encodeURIComponent(taskId)}${rest}`;
  const callJson = async <T>(path: string, init: RequestInit): Promise<T> =>
    (await http.call(path, init)).json() as Promise<T>;

  return {
    submit({ taskId = newTaskId(), ...submission }, { signal } = {}) {
      return callJson(toPath(taskId), { method: 'PUT', body: toForm(submission), ...pick(signal) });
    },

    events: (taskId, eventOptions) => readTaskEvents(http, taskId, eventOptions),

    async wait(taskId, { onEvent, ...eventOptions } = {}) {
      for await (const event of readTaskEvents(http, taskId, eventOptions)) {
        onEvent?.(event);
        if (isTerminal(event.data.stage)) {
          return event.data.details?.outcome as JobOutcome;
        }
      }
      throw new PipelineError('INTERNAL', `Task ${taskId} ended without an outcome`);
    },

    status: (taskId, { signal } = {}) =>
      callJson(`/api/pipeline/status/${encodeURIComponent(taskId)}`, pick(signal)),

    list({ signal, cursor, status, search, limit } = {}) {
      const query = new URLSearchParams();
      if (cursor !== undefined) query.set('cursor', cursor);
      if (status !== undefined) query.set('status', status);
      if (search !== undefined) query.set('search', search);
      if (limit !== undefined) query.set('limit', String(limit));
      return callJson(`/api/pipeline/tasks?${query}`, pick(signal));
    },

    cancel: (taskId, { signal } = {}) =>
      callJson(toPath(taskId, '/cancel'), { method: 'POST', ...pick(signal) }),

    retry(taskId, { signal, from } = {}) {
      const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
      // The same in all attempts of this call: one whose answer is lost must not continue the task twice.
      const headers = { 'Idempotency-Key': newTaskId() };
      return callJson(toPath(taskId, `/retry${query}`), { method: 'POST', headers, ...pick(signal) });
    },

    rename: (taskId, name, { signal } = {}) =>
      callJson(toPath(taskId, '/name'), {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name }),
        ...pick(signal),
      }),

    choosePerson: (taskId, person, { signal } = {}) =>
      callJson(toPath(taskId, '/person'), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ person }),
        ...pick(signal),
      }),

    erase: (taskId, { signal } = {}) => callJson(toPath(taskId), { method: 'DELETE', ...pick(signal) }),

    download: (taskId, { signal, file = 'video' } = {}) =>
      http.call(toPath(taskId, `/${file}`), pick(signal)),

    timeline: (taskId, { signal } = {}) => callJson(toPath(taskId, '/timeline'), pick(signal)),

    timelineSummary: ({ signal } = {}) => callJson('/api/pipeline/timeline', pick(signal)),

    isReady: async ({ signal } = {}) => (await http.peek('/health/ready', pick(signal)))?.ok ?? false,

    isAlive: async ({ signal } = {}) => (await http.peek('/health/live', pick(signal)))?.ok ?? false,
  };
}

function pick(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
