import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { PipelineError } from '../../src/errors.ts';
import { createStorageUsage } from '../../src/storage/storage-usage.ts';
import { createApiMetrics } from '../../src/telemetry/metrics/api-metrics.ts';
import type { WatchedProvider } from '../../src/telemetry/metrics/provider-metrics.ts';
import { createTemporalGate } from '../../src/temporal/temporal-gate.ts';
import { createTemporalStatistics } from '../../src/temporal/temporal-statistics.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { parseMetrics } from '../harness/metric-lines.ts';

const { server, api, worker } = await startTestPipeline();

async function scrape(): Promise<Map<string, number>> {
  const answer = await fetch(`${api.url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parseMetrics(await answer.text());
}

/** Another API process over the same Temporal and the same store. */
const restart = (providers: WatchedProvider[] = []) =>
  createApiMetrics({
    statistics: createTemporalStatistics({ client: server.client }),
    storageUsage: createStorageUsage({ store: api.store }),
    assertStorage: async () => undefined,
    readers: () => 0,
    providers,
  }).metrics;

const ended = (outcome: string) =>
  `pipeline_execution_time_seconds_count{outcome="${outcome}",provider="local"}`;

it('counts running jobs and each ended job once, and starts at zero after a restart', async () => {
  using held = worker.hold('renderTalk');
  const { taskId: cancelled } = await submit(api);
  await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);
  await expect.poll(async () => (await scrape()).get('active_pipelines_count'), { timeout: 10_000 }).toBe(1);
  expect((await scrape()).get('limelight_jobs_running{stage="DID_PROCESSING"}')).toBe(1);
  await fetch(`${api.url}/api/pipeline/tasks/${cancelled}/cancel`, { method: 'POST' });
  await expect
    .poll(async () => (await fetch(`${api.url}/api/pipeline/status/${cancelled}`)).json(), {
      timeout: 10_000,
    })
    .toMatchObject({ stage: 'CANCELLED' });
  held.release();

  await submit(api, { waitS: 30 });
  const refused = worker.fail('detectPersons', new PipelineError('PERSON_NOT_FOUND', 'A landscape'));
  await submit(api, { waitS: 30 });
  refused.release();
  const failed = worker.fail('finishVideo', new PipelineError('MODEL_INVALID', 'A model that is broken'));
  await submit(api, { waitS: 30 });
  failed.release();

  await expect
    .poll(async () => (await scrape()).get(ended('failed')), { timeout: 15_000, interval: 500 })
    .toBe(1);
  const now = await scrape();
  for (const outcome of ['completed', 'failed', 'refused', 'cancelled']) {
    expect(now.get(ended(outcome)), outcome).toBe(1);
    expect(now.get(`limelight_jobs_ended_recently{outcome="${outcome}"}`), outcome).toBe(1);
  }
  // Refused and cancelled jobs do not count as failures.
  expect(now.get('pipeline_success_rate{window="15m"}')).toBe(0.5);
  expect(now.get('active_pipelines_count')).toBe(0);
  expect(now.get('limelight_temporal_up')).toBe(1);

  // Several rounds of queries later.
  await sleep(4_500);
  const counts = (samples: Map<string, number>) =>
    [...samples].filter(([name]) => name.startsWith('pipeline_execution_time_seconds'));
  expect(counts(await scrape())).toEqual(counts(now));

  const restarted = parseMetrics(await restart().render());
  expect(counts(restarted)).toEqual([]);
  expect(restarted.get('limelight_jobs_ended_recently{outcome="completed"}')).toBe(1);
});

it('reports queue depth, the age of the oldest task and the pollers, as Temporal knows them', async () => {
  const provider: WatchedProvider = {
    name: 'd-id',
    account: { readCredits: () => Promise.reject(new Error('away')) },
    gate: createTemporalGate({ client: server.client, provider: 'd-id' }),
  };
  const now = parseMetrics(await restart([provider]).render());
  for (const queue of ['pipeline', 'io', 'media', 'yolo', 'birefnet', 'render', 'd-id']) {
    expect(now.get(`limelight_queue_depth{queue="${queue}"}`)).toBe(0);
    expect(now.get(`limelight_queue_oldest_task_age_seconds{queue="${queue}"}`)).toBe(0);
    expect(now.get(`limelight_queue_pollers{queue="${queue}"}`), queue).toBeGreaterThan(0);
  }
});

it('counts requests by the pattern of their route, never by their path', async () => {
  await fetch(`${api.url}/api/pipeline/status/${randomUUID()}`);
  await fetch(`${api.url}/there/is/nothing/${randomUUID()}`);
  await fetch(`${api.url}/health/live`, { method: 'PATCH' });

  const names = [...(await scrape()).keys()].filter((name) =>
    name.startsWith('limelight_http_requests_total'),
  );
  expect(names).toContainEqual(
    expect.stringMatching(/method="GET",route="\/api\/pipeline\/status\/[:{]\w+\}?",status="404"/),
  );
  expect(names).toContain('limelight_http_requests_total{method="other",route="none",status="404"}');
  expect(names).toContain('limelight_http_requests_total{method="other",route="/health/live",status="405"}');
  expect(names.join()).not.toMatch(/[0-9a-f]{8}-/);
});

it('responds while Temporal is unavailable, and says so instead of showing old figures', async () => {
  await submit(api, { waitS: 30 });
  const away = new Error('away');
  // What an earlier scan found stands for a while.
  await api.store.delete('state/storage-usage.json');
  const { metrics } = createApiMetrics({
    statistics: {
      endedJobs: () => {
        throw away;
      },
      countEnds: () => Promise.reject(away),
      countRunning: () => Promise.reject(away),
      countRunningByStage: () => Promise.reject(away),
      queue: () => Promise.reject(away),
      retention: () => Promise.reject(away),
      stuckWorkflows: () => Promise.reject(away),
    },
    storageUsage: createStorageUsage({ store: api.store }),
    assertStorage: async () => undefined,
    readers: () => 0,
    providers: [],
  });
  const app = createApp({ ...api.deps, metrics });

  const samples = parseMetrics(await (await app.request('/metrics')).text());

  expect(samples.get('limelight_temporal_up')).toBe(0);
  expect(samples.get('active_pipelines_count')).toBeNaN();
  expect([...samples.keys()].filter((name) => /queue_depth|success_rate/.test(name))).toEqual([]);
  expect(samples.get('storage_used_bytes{tier="videos"}')).toBeGreaterThan(0);
});
