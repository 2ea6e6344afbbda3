import type { Counter } from 'prom-client';

/** Gives a counter the value that is counted elsewhere; a lower one than before looks like the restart that it is. */
export function setCounter<L extends string>(
  counter: Counter<L>,
  labels: Partial<Record<L, string | number>>,
  value: number,
): void {
  counter.remove(labels);
  counter.inc(labels, value);
}
