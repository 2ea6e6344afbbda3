import type { ProgressReader } from './progress-reader.ts';
import { RETRY } from './sse.ts';

export interface EventStreamOptions {
  /** A reader with more than this waiting for it is cut off; it comes back with `Last-Event-ID` and misses nothing. */
  maxQueuedBytes: number;
  /** Ends the connection of a reader that is too slow, whatever still waits for it. */
  cut: () => void;
}

/** The body of a server-sent event response, and the reader that fills it. */
export function createEventStream({ maxQueuedBytes, cut }: EventStreamOptions) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let leave = () => {};
  let open = true;
  let sent = 0;
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
        cut();
        controller.error(new Error('The reader is too slow'));
        return;
      }
      sent += 1;
      controller.enqueue(bytes);
    },
    end(outcome) {
      if (!open) return;
      if (!outcome) controller.enqueue(RETRY);
      close();
      controller.close();
    },
  };
  return {
    body,
    reader,
    /** The reader has everything already, the last event included. */
    get isOver() {
      return !open && sent === 0;
    },
    /** What is to happen when the reader has left or was told the end; at once if it is gone already. */
    onLeave(action: () => void) {
      leave = action;
      if (!open) action();
    },
  };
}
