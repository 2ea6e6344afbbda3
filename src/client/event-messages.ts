import { createParser } from 'eventsource-parser';

/** A server-sent event. */
export interface EventMessage {
  /** Its type; undefined for stage events. */
  event: string | undefined;
  /** Its parsed JSON. */
  data: unknown;
}

/** The server sends something every 15 s. A connection that is silent for longer is dead, for example after standby. */
const SILENCE_TIMEOUT_MS = 45_000;

/** Yields the messages of an event stream to its end. Throws if the connection breaks or is silent for too long. */
export async function* readEventMessages(
  body: ReadableStream<Uint8Array>,
  onRetry?: (ms: number) => void,
): AsyncGenerator<EventMessage, void> {
  let parsed: EventMessage[] = [];
  const parser = createParser({
    ...(onRetry && { onRetry }),
    onEvent: ({ event, data }) => parsed.push({ event, data: JSON.parse(data) }),
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await withinSilence(reader.read());
    if (done) {
      return;
    }
    parser.feed(decoder.decode(value, { stream: true }));
    const messages = parsed;
    parsed = [];
    yield* messages;
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
