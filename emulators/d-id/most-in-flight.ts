import type { LedgerEntry } from './account.ts';

/** Maximum number of these talks that were in progress at the same time. */
export function mostInFlight(entries: Array<Pick<LedgerEntry, 'at' | 'endedAt'>>): number {
  const changes = entries.flatMap(({ at, endedAt }) => [
    { ms: at.getTime(), by: 1 },
    ...(endedAt ? [{ ms: endedAt.getTime(), by: -1 }] : []),
  ]);
  // In the same millisecond, ends come first: a job that waits for an end starts after it.
  changes.sort((a, b) => a.ms - b.ms || a.by - b.by);
  let inFlight = 0;
  return changes.reduce((most, { by }) => {
    inFlight += by;
    return Math.max(most, inFlight);
  }, 0);
}
