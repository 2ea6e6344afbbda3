const MAX_QUEUED = 8;

/** Waits while the queue of a codec is too long, to bound its memory. */
export async function untilDequeued(
  codec: { state: string; ondequeue: (() => unknown) | null | undefined },
  queueSize: () => number,
): Promise<void> {
  while (queueSize() > MAX_QUEUED && codec.state === 'configured') {
    await new Promise<void>((resolve) => {
      codec.ondequeue = () => resolve();
    });
  }
}
