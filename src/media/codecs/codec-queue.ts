const MAX_QUEUED = 8;
/** A codec that fails empties its queue without an event. */
const RECHECK_MS = 50;

/** Waits while the queue of a codec is too long, to bound its memory. */
export async function untilDequeued(
  codec: { state: string; ondequeue: (() => unknown) | null | undefined },
  queueSize: () => number,
): Promise<void> {
  while (queueSize() > MAX_QUEUED && codec.state === 'configured') {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RECHECK_MS);
      codec.ondequeue = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
