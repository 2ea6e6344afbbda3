import type { EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import type { JobOutcome } from '../contracts/schemas/job-outcome.ts';
import type { AcceptedTask, TaskList, TaskStatus } from '../contracts/schemas/task-status.ts';
import type { Timeline, TimelineSummary } from '../contracts/schemas/timeline.ts';
import { isTerminal, type RunningStage } from '../contracts/stages.ts';
import { isFailure, PipelineError } from '../errors.ts';
import { createHttp, type HttpOptions } from './http.ts';
import { type Submission, toForm } from './submission.ts';
import { type EventOptions, readTaskEvents, type TaskEvent } from './task-events.ts';
import { newTaskId } from './task-id.ts';

export type { HttpOptions, Submission, TaskEvent };
export { isFailure, newTaskId, PipelineError };

export type TaskFile = 'video' | 'cutout' | 'mask' | 'thumbnail';

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * A Limelight server, for browsers and Node. Refusals reject with a `PipelineError` that has the server's `code` and
 * words. A call is made again where the server cannot be reached or asks to come back; none of them acts twice.
 */
export interface LimelightClient {
  /** The task is durable when this resolves. The same `taskId` again is the same task. */
  submit(submission: Submission, options?: CallOptions): Promise<AcceptedTask>;
  /** Every event from the first, or after `since`, to the terminal one, however often the connection breaks. */
  events(taskId: string, options?: EventOptions): AsyncGenerator<TaskEvent, void>;
  /** The end of the task, however it ends. */
  wait(
    taskId: string,
    options?: EventOptions & { onEvent?: (event: TaskEvent) => void },
  ): Promise<JobOutcome>;
  status(taskId: string, options?: CallOptions): Promise<TaskStatus>;
  /** Recent tasks, newest first; `cursor` is the `next_cursor` of the page before. */
  list(options?: CallOptions & { cursor?: string; status?: string; limit?: number }): Promise<TaskList>;
  /** Stops and undoes the task; one that has ended is left as it is. */
  cancel(taskId: string, options?: CallOptions): Promise<TaskStatus>;
  /** A failed task again, from a stage whose inputs are still there; without `from`, from the one that failed. */
  retry(taskId: string, options?: CallOptions & { from?: RunningStage | 'provider' }): Promise<TaskStatus>;
  /** The choice that a task with `persons=ask` waits for. */
  choosePerson(taskId: string, person: number, options?: CallOptions): Promise<TaskStatus>;
  /** Deletes everything of the task, here and at the provider; the receipt lists it. */
  erase(taskId: string, options?: CallOptions): Promise<EraseReceipt>;
  /** A file of the task; its body is a stream, and `blob()` all of it. */
  download(taskId: string, options?: CallOptions & { file?: TaskFile }): Promise<Response>;
  /** Where the time went, by stage and attempt. */
  timeline(taskId: string, options?: CallOptions): Promise<Timeline>;
  /** Percentiles over the tasks that ended in the last day. */
  timelineSummary(options?: CallOptions): Promise<TimelineSummary>;
  /** Whether submissions are taken now. */
  isReady(options?: CallOptions): Promise<boolean>;
  /** Whether a server is there, ready or not. */
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

    list({ signal, cursor, status, limit } = {}) {
      const query = new URLSearchParams();
      if (cursor !== undefined) query.set('cursor', cursor);
      if (status !== undefined) query.set('status', status);
      if (limit !== undefined) query.set('limit', String(limit));
      return callJson(`/api/pipeline/tasks?${query}`, pick(signal));
    },

    cancel: (taskId, { signal } = {}) =>
      callJson(toPath(taskId, '/cancel'), { method: 'POST', ...pick(signal) }),

    retry(taskId, { signal, from } = {}) {
      const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
      return callJson(toPath(taskId, `/retry${query}`), { method: 'POST', ...pick(signal) });
    },

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
