import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../src/storage/file-store.ts';
import { createStorageUsage } from '../src/storage/storage-usage.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createApiMetrics } from '../src/telemetry/metrics/api-metrics.ts';
import { addEndedJobMetrics } from '../src/telemetry/metrics/ended-job-metrics.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { startTracing } from '../src/telemetry/tracing.ts';
import { createTemporalStatistics } from '../src/temporal/temporal-statistics.ts';
import { startTraceCollector } from '../test/telemetry/trace-collector.ts';
import { startTestServer, type TestServer } from '../test/temporal-server.ts';
import { createHarness } from '../test/workflows/pipeline-harness.ts';
import { type Bench, percentile } from './bench.ts';

/** So often each way in turn, so that what else happens on the machine meets all of them. */
const ROUNDS = 6;
const JOBS = 12;
const SCRAPES = 20;

type Way = 'bare' | 'metrics and logs' | 'and traces';

/** Jobs of the orchestration bench with and without being observed, and what a scrape costs. */
export const observation: Bench = {
  name: 'observation',
  title: `what metrics, logs and traces cost a job, ${ROUNDS} x ${JOBS} jobs each way; a scrape of the API`,
  async run() {
    await using server = await startTestServer();
    await using collector = await startTraceCollector();
    const times: Record<Way, number[]> = { bare: [], 'metrics and logs': [], 'and traces': [] };
    await timeJobs(server, 'bare', collector.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of Object.keys(times) as Way[]) {
        times[way].push(...(await timeJobs(server, way, collector.url)));
      }
    }
    const bare = percentile(times.bare, 0.5);
    const overhead = (way: Way) => (percentile(times[way], 0.5) / bare - 1) * 100;
    return [
      { what: 'a job that nothing observes, p50', value: bare, unit: 'ms' },
      { what: 'metrics and logs, tracing off', value: overhead('metrics and logs'), unit: '%', atMost: 3 },
      { what: 'metrics, logs and traces', value: overhead('and traces'), unit: '%', atMost: 10 },
      { what: 'spans a job', value: collector.spans.length / (ROUNDS * JOBS), unit: '' },
      ...(await timeScrapes(server)),
    ];
  },
};

async function timeJobs(server: TestServer, way: Way, endpoint: string): Promise<number[]> {
  const logger = createLogger('bench', { level: 'info', destination: { write() {} } });
  await using tracing = startTracing('bench', {
    endpoint: way === 'and traces' ? endpoint : undefined,
    headers: undefined,
    serviceName: 'bench',
    ratio: 1,
  });
  const count = addEndedJobMetrics(createMetrics('bench'));
  await using harness = await createHarness(server, way === 'bare' ? { interceptors: {} } : {});
  const observe =
    way === 'bare'
      ? {}
      : {
          recordTask: async (metadata: Parameters<typeof count>[0]) => {
            logger.info({ stage: metadata.events.at(-1)?.data.stage }, 'Recorded');
            if (metadata.outcome) {
              count(metadata);
              tracing.onEnd(metadata);
            }
          },
        };
  const times: number[] = [];
  for (let job = 0; job <= JOBS; job += 1) {
    const start = performance.now();
    await harness.run(observe);
    times.push(performance.now() - start);
  }
  // The first one of a new worker finds no sticky queue.
  return times.slice(1);
}

/** The API's metrics over a Temporal that knows a few hundred jobs, each scrape after the other has turned stale. */
async function timeScrapes(server: TestServer) {
  const root = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
  const store = createFileStore({ root });
  const { metrics } = createApiMetrics({
    statistics: createTemporalStatistics({ client: server.client }),
    store,
    storageUsage: createStorageUsage({ store, root }),
    readers: () => 0,
    logger: createLogger('bench', { level: 'silent' }),
  });
  let bytes = (await metrics.render()).length;
  const times: number[] = [];
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2_050));
    const start = performance.now();
    bytes = (await metrics.render()).length;
    times.push(performance.now() - start);
  }
  await rm(root, { recursive: true, force: true });
  return [
    { what: 'a scrape of the API, p50', value: percentile(times, 0.5), unit: 'ms' },
    { what: 'a scrape of the API, p95', value: percentile(times, 0.95), unit: 'ms' },
    { what: 'its size', value: bytes / 1000, unit: 'kB' },
  ];
}
