/**
 * Shares one run of `work` among all that ask while it runs and for a while after it, counted from its end: what is
 * slow or costs others something is not done once more for each scraper.
 */
export function atMostEvery(freshForMs: number, work: () => Promise<void>): () => Promise<void> {
  let run: Promise<void> | undefined;
  let endedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (!run && performance.now() - endedAt > freshForMs) {
      run = work().finally(() => {
        run = undefined;
        endedAt = performance.now();
      });
    }
    return run ?? Promise.resolve();
  };
}
