import type { LedgerEntry } from './account.ts';

/** On how many of these talks D-ID worked at the same time, at most. */
export function mostInFlight(entries: LedgerEntry[]): number {
  const changes = entries.flatMap(({ at, endedAt }) => [
    { ms: at.getTime(), by: 1 },
    ...(endedAt ? [{ ms: endedAt.getTime(), by: -1 }] : []),
  ]);
  // Of the same millisecond the ends come first: who waits for one begins after it.
  changes.sort((a, b) => a.ms - b.ms || a.by - b.by);
  let inFlight = 0;
  return changes.reduce((most, { by }) => {
    inFlight += by;
    return Math.max(most, inFlight);
  }, 0);
}
