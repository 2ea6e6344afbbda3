import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The metrics of one process, in the text format of Prometheus. */
export interface Metrics {
  registry: Registry;
  contentType: string;
  /** Called before every scrape, side by side; one that rejects leaves its metrics as they were. */
  beforeScrape(collect: () => Promise<void> | void): void;
  render(): Promise<string>;
}

/**
 * @param part names the process, as its logs do.
 * @param others gives metrics that are kept elsewhere in the process, in the same format.
 */
export function createMetrics(part: string, others: () => Promise<string> = async () => ''): Metrics {
  const registry = new Registry();
  const collectors: Array<() => Promise<void> | void> = [];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'limelight_process_info',
    help: 'What kind of process this is; always 1',
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
