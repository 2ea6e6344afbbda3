import type { ActivityProgressEvent, TaskEvent } from '../contracts/schemas/stage-event.ts';
import { isTerminal } from '../contracts/stages.ts';
import { readEventMessages } from './event-messages.ts';
import type { Http } from './http.ts';
import { sleep } from './sleep.ts';

/** The events that a client passes on: stages, and progress within a long stage. Heartbeats are skipped. */
export type ReceivedEvent = TaskEvent | ActivityProgressEvent;

export interface EventOptions {
  signal?: AbortSignal;
  /** The last `seq` that the caller has. Default: 0, which means all events. */
  since?: number;
  /** Seconds that the server waits for a task that is not submitted yet. Default: 0. */
  waitS?: number;
}

/** Every stage event after `since` to the last, once and in order. Reconnects as often as needed. */
export async function* readTaskEvents(
  http: Http,
  taskId: string,
  { signal, since = 0, waitS = 0 }: EventOptions = {},
): AsyncGenerator<ReceivedEvent, void> {
  let last = since;
  let retryDelayMs = http.retryDelayMs;
  for (;;) {
    const query = waitS > 0 ? `?wait=${waitS}` : '';
    const connection = new AbortController();
    const answer = await http.call(`/api/pipeline/progress/${taskId}/events${query}`, {
      headers: { 'Last-Event-ID': String(last) },
      signal: signal ? AbortSignal.any([signal, connection.signal]) : connection.signal,
    });
    // The caller has the last event.
    if (answer.status === 204 || !answer.body) {
      return;
    }
    try {
      const onRetry = (ms: number) => {
        retryDelayMs = ms;
      };
      for await (const message of readEventMessages(answer.body, onRetry)) {
        // Stage events have no type.
        if (message.event !== undefined && message.event !== 'activity_progress') {
          continue;
        }
        const event = message.data as ReceivedEvent;
        if (event.event_type === 'stage_update') {
          if (event.seq <= last) {
            continue;
          }
          last = event.seq;
        }
        yield event;
        if (isTerminal(event.data.stage)) {
          return;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) {
        throw error;
      }
    } finally {
      connection.abort();
    }
    await sleep(retryDelayMs, signal);
  }
}
