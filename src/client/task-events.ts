import { createParser } from 'eventsource-parser';
import type { ActivityProgressEvent, TaskEvent } from '../contracts/schemas/stage-event.ts';
import { isTerminal } from '../contracts/stages.ts';
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

/** The server sends something every 15 s. A connection that is silent for longer is dead, for example after standby. */
const SILENCE_TIMEOUT_MS = 45_000;

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
      for await (const event of parseEvents(answer.body, onRetry)) {
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

/** Throws if the connection breaks or is silent for too long. */
async function* parseEvents(
  body: ReadableStream<Uint8Array>,
  onRetry: (ms: number) => void,
): AsyncGenerator<ReceivedEvent, void> {
  let parsed: ReceivedEvent[] = [];
  const parser = createParser({
    onRetry,
    onEvent({ event, data }) {
      // Stage events have no type.
      if (event === undefined || event === 'activity_progress') {
        parsed.push(JSON.parse(data) as ReceivedEvent);
      }
    },
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await withinSilence(reader.read());
    if (done) {
      return;
    }
    parser.feed(decoder.decode(value, { stream: true }));
    const events = parsed;
    parsed = [];
    yield* events;
  }
}

async function withinSilence<T>(reading: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Received nothing for ${SILENCE_TIMEOUT_MS / 1000} s`)),
      SILENCE_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
}
