import type { ProgressReader } from './progress-reader.ts';
import { RETRY } from './sse.ts';

export interface EventStreamOptions {
  /** A reader with more bytes queued is disconnected. It reconnects with `Last-Event-ID` and misses nothing. */
  maxQueuedBytes: number;
  /** Closes the connection of a reader that is too slow. */
  disconnect: () => void;
}

/** The body of a server-sent event response, and the reader that fills it. */
export function createEventStream({ maxQueuedBytes, disconnect }: EventStreamOptions) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let leave = () => {};
  let open = true;
  let sent = 0;
  let hasOutcome = false;
  const close = () => {
    open = false;
    leave();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started;
        controller.enqueue(RETRY);
      },
      cancel: close,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxQueuedBytes }),
  );
  const reader: ProgressReader = {
    send({ bytes }) {
      if (!open) return;
      if (controller.desiredSize! <= 0) {
        close();
        disconnect();
        controller.error(new Error('The reader is too slow'));
        return;
      }
      sent += 1;
      controller.enqueue(bytes);
    },
    end(outcome) {
      if (!open) return;
      hasOutcome = outcome !== undefined;
      if (!outcome) controller.enqueue(RETRY);
      close();
      controller.close();
    },
  };
  return {
    body,
    reader,
    /** Whether the job has ended and the reader has everything already. False if only this process stops. */
    get isOver() {
      return hasOutcome && sent === 0;
    },
    /** Called when the reader leaves or the stream ends; at once if that has happened already. */
    onLeave(action: () => void) {
      leave = action;
      if (!open) action();
    },
  };
}
