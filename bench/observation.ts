import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { createFileStore } from '../src/storage/file/file-store.ts';
import { createStorageUsage } from '../src/storage/storage-usage.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createApiMetrics } from '../src/telemetry/metrics/api-metrics.ts';
import { addEndedJobMetrics } from '../src/telemetry/metrics/ended-job-metrics.ts';
import { createMetrics } from '../src/telemetry/metrics/metrics.ts';
import { observeActivity } from '../src/telemetry/observe-activity.ts';
import { startTracing } from '../src/telemetry/tracing.ts';
import { createTemporalStatistics } from '../src/temporal/temporal-statistics.ts';
import { createHarness, type Harness } from '../test/harness/pipeline-harness.ts';
import { startTestServer, type TestServer } from '../test/harness/temporal-server.ts';
import { type Bench, percentile } from './bench.ts';
import { JOBS_ALONE, timeObservingAlone } from './observing-alone.ts';

/** Rounds in which the variants alternate, so that other load on the machine affects all of them. */
const ROUNDS = 12;
const JOBS = 8;
const SCRAPES = 20;

/** The second variant without observation shows the noise. */
const WAYS = ['bare', 'bare again', 'metrics and logs', 'and traces'] as const;
type Way = (typeof WAYS)[number];

/** Durations of the jobs of one variant in each round. */
type Rounds = Record<Way, { wallMs: number; cpuMs: number }[]>;

/** Jobs of the orchestration benchmark with and without observation, and the cost of a scrape. */
export const observation: Bench = {
  name: 'observation',
  title: `what metrics, logs and traces cost a job, ${ROUNDS} x ${JOBS} jobs each way; a scrape of the API`,
  async run() {
    await using server = await startTestServer();
    using collector = await startCollector();
    const { rounds, job } = await timeJobs(server, collector.url);
    const spans = await collector.countSoFar();
    const bareMs = percentile(
      rounds.bare.map(({ wallMs }) => wallMs),
      0.5,
    );
    const aloneMs = await timeObservingAlone(job, undefined);
    const aloneWithTracesMs = await timeObservingAlone(job, collector.url);
    const spansAlone = (await collector.countSoFar()) - spans;
    return [
      { what: 'a job that nothing observes, p50', value: bareMs, unit: 'ms' },
      {
        what: 'what metrics and logs compute, of that',
        value: (aloneMs / bareMs) * 100,
        unit: '%',
        atMost: 3,
      },
      {
        what: 'what metrics, logs and traces compute, of that',
        value: (aloneWithTracesMs / bareMs) * 100,
        unit: '%',
        atMost: 10,
      },
      {
        what: 'longer with nothing again: what is chance',
        value: overhead(rounds, 'bare again', 'wallMs'),
        unit: '%',
      },
      {
        what: 'longer with metrics and logs',
        value: overhead(rounds, 'metrics and logs', 'wallMs'),
        unit: '%',
      },
      {
        what: 'longer with metrics, logs and traces',
        value: overhead(rounds, 'and traces', 'wallMs'),
        unit: '%',
      },
      ...WAYS.slice(1).map((way) => ({
        what: `more CPU of the workers, ${way}`,
        value: overhead(rounds, way, 'cpuMs'),
        unit: '%',
      })),
      { what: 'spans a job', value: spans / (ROUNDS * (JOBS + 1)), unit: '' },
      // With far fewer spans some were dropped, and the cost would be too low.
      { what: 'spans a job, computed alone', value: spansAlone / (2 * JOBS_ALONE), unit: '' },
      ...(await timeScrapes(server)),
    ];
  },
};

/** Median over the rounds of the extra time of this variant, compared with no observation in the same round. */
function overhead(rounds: Rounds, way: Way, figure: 'wallMs' | 'cpuMs'): number {
  const ratios = rounds[way].map((round, index) => round[figure] / rounds.bare[index]![figure]);
  return (percentile(ratios, 0.5) - 1) * 100;
}

async function timeJobs(server: TestServer, endpoint: string) {
  const rounds: Rounds = { bare: [], 'bare again': [], 'metrics and logs': [], 'and traces': [] };
  let way: Way = 'bare';
  // Always the same workers: differences between workers are larger than the effect measured here.
  const observe: ActivityInterceptorsFactory = (context) =>
    way.startsWith('bare') ? {} : observeActivity(context);
  await using harness = await createHarness(server, { interceptors: { activity: [observe] } });
  const { calls, written } = await harness.run({});
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const turn of WAYS.keys()) {
      way = WAYS[(turn + round) % WAYS.length]!;
      rounds[way].push(await timeRound(harness, way, endpoint));
    }
  }
  return { rounds, job: { calls, record: written.at(-1)! } };
}

async function timeRound(harness: Harness, way: Way, endpoint: string) {
  const logger = createLogger('bench', { level: 'info', destination: { write() {} } });
  const tracing = startTracing('bench', {
    endpoint: way === 'and traces' ? endpoint : undefined,
    headers: undefined,
    serviceName: 'bench',
    ratio: 1,
    secrets: [],
  });
  const count = addEndedJobMetrics(createMetrics('bench'));
  const observed = {
    recordTask: async (metadata: Parameters<typeof count>[0]) => {
      logger.info({ stage: metadata.events.at(-1)?.data.stage }, 'Recorded');
      if (metadata.outcome) {
        count(metadata);
        tracing.onEnd(metadata);
      }
    },
  };
  const overrides = way.startsWith('bare') ? {} : observed;
  await harness.run(overrides);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let job = 0; job < JOBS; job += 1) {
    const start = performance.now();
    await harness.run(overrides);
    times.push(performance.now() - start);
  }
  // Sends the remaining spans, which counts as work too.
  await tracing[Symbol.asyncDispose]();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: percentile(times, 0.5), cpuMs: (user + system) / 1000 / JOBS };
}

async function startCollector() {
  const child = fork(new URL('./collector-process.ts', import.meta.url));
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return {
    url,
    async countSoFar() {
      child.send('count');
      const [{ spans }] = (await once(child, 'message')) as [{ spans: number }];
      return spans;
    },
    [Symbol.dispose]: () => child.disconnect(),
  };
}

/** The API's metrics with a few hundred jobs in Temporal. Each scrape waits until the previous values are stale. */
async function timeScrapes(server: TestServer) {
  const root = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
  const store = createFileStore({ root });
  const { metrics } = createApiMetrics({
    statistics: createTemporalStatistics({ client: server.client }),
    storageUsage: createStorageUsage({ store, root }),
    assertStorage: async () => undefined,
    readers: () => 0,
    providers: [],
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
