import type { Metric } from 'prom-client';

type Labels = Record<string, string>;

interface Series {
  labels: Labels;
  /** How many were in each bucket and in none below it; the last has no upper bound. */
  counts: number[];
  sum: number;
}

export type HistogramSnapshot = Series[];

/**
 * A histogram that outlives its process: prom-client's own cannot be given what was counted before. It registers with
 * `registry.registerMetric(histogram.asMetric())`.
 */
export class DurationHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #buckets: readonly number[];
  #series = new Map<string, Series>();

  constructor(options: { name: string; help: string; buckets: readonly number[] }) {
    this.#name = options.name;
    this.#help = options.help;
    this.#buckets = options.buckets;
  }

  observe(labels: Labels, seconds: number): void {
    const key = JSON.stringify(labels);
    const series = this.#series.get(key) ?? {
      labels,
      counts: Array.from({ length: this.#buckets.length + 1 }, () => 0),
      sum: 0,
    };
    this.#series.set(key, series);
    const bucket = this.#buckets.findIndex((bound) => seconds <= bound);
    series.counts[bucket === -1 ? this.#buckets.length : bucket]! += 1;
    series.sum += seconds;
  }

  get snapshot(): HistogramSnapshot {
    return [...this.#series.values()];
  }

  /** Goes on from a snapshot; one with other buckets is of another version, and left. */
  restore(snapshot: HistogramSnapshot): boolean {
    if (snapshot.some(({ counts }) => counts.length !== this.#buckets.length + 1)) {
      return false;
    }
    this.#series = new Map(snapshot.map((series) => [JSON.stringify(series.labels), series]));
    return true;
  }

  asMetric(): Metric {
    const get = async () => ({
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values: this.snapshot.flatMap((series) => this.#toValues(series)),
    });
    return { name: this.#name, get, reset: () => this.#series.clear() } as unknown as Metric;
  }

  #toValues({ labels, counts, sum }: Series) {
    let below = 0;
    const buckets = counts.map((count, index) => {
      below += count;
      return {
        metricName: `${this.#name}_bucket`,
        labels: { le: String(this.#buckets[index] ?? '+Inf'), ...labels },
        value: below,
      };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: below },
    ];
  }
}
