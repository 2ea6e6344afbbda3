const MOST_QUEUED = 8;

/** Waits while a codec has more to do than it should hold in memory. */
export async function untilDequeued(
  codec: { state: string; ondequeue: (() => unknown) | null | undefined },
  queueSize: () => number,
): Promise<void> {
  while (queueSize() > MOST_QUEUED && codec.state === 'configured') {
    await new Promise<void>((resolve) => {
      codec.ondequeue = () => resolve();
    });
  }
}
