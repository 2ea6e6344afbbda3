/** One row of figures, and what they are measured against in the same run: this makes them comparable between machines. */
export interface Row {
  what: string;
  value: number;
  unit: string;
  /** What the project promises, where it promises something; the comparison is `value <= atMost` or `>= atLeast`. */
  atMost?: number;
  atLeast?: number;
}

export interface Bench {
  name: string;
  title: string;
  /** Why it cannot run here, such as for want of MODELS_DIR. */
  unavailable?(): string | undefined;
  /** What takes minutes yields its rows as they come. */
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
