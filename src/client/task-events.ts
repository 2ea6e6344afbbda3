import { createParser } from 'eventsource-parser';
import type { StageEvent } from '../contracts/schemas/stage-event.ts';
import { isTerminal } from '../contracts/stages.ts';
import type { Http } from './http.ts';
import { sleep } from './sleep.ts';

/** How far a long stage is. It has no `seq`: a reader that comes back does not get it again. */
export interface ActivityProgressEvent extends Omit<StageEvent, 'seq' | 'event_type'> {
  event_type: 'activity_progress';
}
export type TaskEvent = StageEvent | ActivityProgressEvent;

export interface EventOptions {
  signal?: AbortSignal;
  /** The last `seq` that the caller has. Default: 0, all from the first. */
  since?: number;
  /** How long the server waits for a task that is not submitted yet. Default: 0. */
  waitS?: number;
}

/** The server says something every 15 s; a connection that is silent for so long is dead, such as after a sleep. */
const SILENCE_MS = 45_000;

/** Every stage event after `since` to the terminal one, once and in order, however often the connection breaks. */
export async function* readTaskEvents(
  http: Http,
  taskId: string,
  { signal, since = 0, waitS = 0 }: EventOptions = {},
): AsyncGenerator<TaskEvent, void> {
  let last = since;
  let comeBackMs = http.comeBackMs;
  for (;;) {
    const query = waitS > 0 ? `?wait=${waitS}` : '';
    const connection = new AbortController();
    const answer = await http.call(`/api/pipeline/progress/${taskId}/events${query}`, {
      headers: { 'Last-Event-ID': String(last) },
      signal: signal ? AbortSignal.any([signal, connection.signal]) : connection.signal,
    });
    // Nothing follows what the caller has.
    if (answer.status === 204 || !answer.body) {
      return;
    }
    try {
      const onRetry = (ms: number) => {
        comeBackMs = ms;
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
    await sleep(comeBackMs, signal);
  }
}

/** Throws where the connection breaks or falls silent. */
async function* parseEvents(
  body: ReadableStream<Uint8Array>,
  onRetry: (ms: number) => void,
): AsyncGenerator<TaskEvent, void> {
  let parsed: TaskEvent[] = [];
  const parser = createParser({
    onRetry,
    onEvent({ event, data }) {
      // Stage events are the ones without a type; the other type is of heartbeats.
      if (event === undefined || event === 'activity_progress') {
        parsed.push(JSON.parse(data) as TaskEvent);
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
    timer = setTimeout(() => reject(new Error(`Nothing came for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
}
