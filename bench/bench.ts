/** One row of figures, with a reference from the same run, so that results of different machines can be compared. */
export interface Row {
  what: string;
  value: number;
  unit: string;
  /** The limit that the project promises, if any: `value <= atMost` or `>= atLeast`. */
  atMost?: number;
  atLeast?: number;
}

export interface Bench {
  name: string;
  title: string;
  /** Why it cannot run here, such as a missing MODELS_DIR. */
  unavailable?(): string | undefined;
  /** A benchmark that takes minutes yields its rows one by one. */
  run(): Promise<Row[]> | AsyncIterable<Row[]>;
}

/** @param fraction 0 to 1. The smallest value that this share of all does not exceed. */
export function percentile(values: number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN;
}

export function isMet({ value, atMost, atLeast }: Row): boolean | undefined {
  if (atMost !== undefined) return value <= atMost;
  if (atLeast !== undefined) return value >= atLeast;
  return undefined;
}
