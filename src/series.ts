import { clamp } from './clamp.ts';

/** Functions over series of numbers. */

/** The value below which the given share of the series lies. 0 for an empty series. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) {
    sum += values[i]!;
  }
  return sum / values.length;
}

/** Gaussian smoothing. Repeats the ends. */
export function smoothSeries(values: Float32Array, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.map((_, i) => {
    let sum = 0;
    for (let k = -reach; k <= reach; k += 1) {
      sum += weights[k + reach]! * values[clamp(i + k, 0, values.length - 1)]!;
    }
    return sum / total;
  });
}
