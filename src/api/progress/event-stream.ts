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
  let isTold = false;
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
      isTold = outcome !== undefined;
      if (!outcome) controller.enqueue(RETRY);
      close();
      controller.close();
    },
  };
  return {
    body,
    reader,
    /** The job has ended and the reader has everything already; not where only this process stops, which is no end. */
    get isOver() {
      return isTold && sent === 0;
    },
    /** What is to happen when the reader has left or was told the end; at once if it is gone already. */
    onLeave(action: () => void) {
      leave = action;
      if (!open) action();
    },
  };
}
