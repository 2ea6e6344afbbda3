import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The metrics of one process, in Prometheus text format. */
export interface Metrics {
  registry: Registry;
  contentType: string;
  /** Runs before every scrape, in parallel with the others. If it rejects, its metrics keep their last values. */
  beforeScrape(collect: () => Promise<void> | void): void;
  render(): Promise<string>;
}

/**
 * @param part name of the process, the same as in its logs.
 * @param others metrics kept elsewhere in the process, in the same format.
 */
export function createMetrics(part: string, others: () => Promise<string> = async () => ''): Metrics {
  const registry = new Registry();
  const collectors: Array<() => Promise<void> | void> = [];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'limelight_process_info',
    help: 'Kind of process; always 1',
    labelNames: ['part', 'node_version'],
    registers: [registry],
  }).set({ part, node_version: process.version }, 1);
  return {
    registry,
    contentType: registry.contentType,
    beforeScrape: (collect) => collectors.push(collect),
    async render() {
      await Promise.allSettled(collectors.map(async (collect) => collect()));
      const [own, rest] = await Promise.all([registry.metrics(), others().catch(() => '')]);
      return `${own}${rest}`;
    },
  };
}
