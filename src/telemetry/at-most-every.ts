/**
 * Shares one run of `work`, and its failure, among all callers while it runs and for `freshForMs` after it ends, so that
 * many callers cost no more than one.
 */
export function atMostEvery(freshForMs: number, work: () => Promise<void>): () => Promise<void> {
  let latest: Promise<void> | undefined;
  let freshUntil = 0;
  return () => {
    if (!latest || performance.now() >= freshUntil) {
      freshUntil = Number.POSITIVE_INFINITY;
      latest = work().finally(() => {
        freshUntil = performance.now() + freshForMs;
      });
    }
    return latest;
  };
}
