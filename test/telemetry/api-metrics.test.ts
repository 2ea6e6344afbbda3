import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PipelineError } from '../../src/errors.ts';
import type { EndedJob, PipelineStatistics } from '../../src/ports/pipeline-statistics.ts';
import { type ApiMetricsDeps, createApiMetrics } from '../../src/telemetry/metrics/api-metrics.ts';
import { parseMetrics } from '../harness/metric-lines.ts';

const SECOND_MS = 1000;

/** A pipeline without jobs, apart from the given answers. */
function statisticsWith(answers: Partial<PipelineStatistics> = {}): PipelineStatistics {
  return {
    async *endedJobs() {},
    countEnds: async () => ({ completed: 0, failed: 0, refused: 0, cancelled: 0 }),
    countRunning: async () => 0,
    countRunningByStage: async () => ({}),
    queue: async () => ({ waiting: 0, oldestMs: 0, pollers: 1 }),
    stuckWorkflows: async () => [],
    retention: async () => ({ lastSuccess: undefined, failures: 0 }),
    ...answers,
  };
}

function scraperOf(deps: Partial<ApiMetricsDeps>) {
  const { metrics } = createApiMetrics({
    statistics: statisticsWith(),
    storageUsage: async () => ({ tiers: {}, scannedAt: '2026-01-01T00:00:00Z' }),
    assertStorage: async () => undefined,
    readers: () => 0,
    providers: [],
    ...deps,
  });
  return async () => parseMetrics(await metrics.render());
}

const unavailable = () =>
  Promise.reject(new PipelineError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer'));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the metrics of the pipeline', () => {
  it('count each ended job once, however often they are scraped', async () => {
    const ends: Array<EndedJob & { at: number }> = [];
    const scrape = scraperOf({
      statistics: statisticsWith({
        async *endedJobs(from, to) {
          yield* ends.filter(({ at }) => at > from.getTime() && at <= to.getTime());
        },
      }),
    });
    const counted = async () =>
      (await scrape()).get('pipeline_execution_time_seconds_count{outcome="completed",provider="local"}');
    ends.push({ end: 'completed', provider: 'local', tookMs: 5 * SECOND_MS, at: Date.now() });

    // Temporal lists an ended job a moment late, so a job that has just ended is left for later.
    expect(await counted()).toBeUndefined();
    vi.advanceTimersByTime(5 * SECOND_MS);
    expect(await counted()).toBe(1);
    vi.advanceTimersByTime(5 * SECOND_MS);
    expect(await counted()).toBe(1);
  });

  it('count the jobs of a failed query with the next one', async () => {
    let isUp = false;
    const scrape = scraperOf({
      statistics: statisticsWith({
        async *endedJobs() {
          yield { end: 'failed', provider: 'local', tookMs: 1 };
          if (!isUp) await unavailable();
        },
      }),
    });
    const count = 'pipeline_execution_time_seconds_count{outcome="failed",provider="local"}';
    expect((await scrape()).get(count)).toBeUndefined();

    isUp = true;
    vi.advanceTimersByTime(5 * SECOND_MS);

    expect((await scrape()).get(count)).toBe(1);
  });

  it('show no old figures while Temporal is down, and recover', async () => {
    let isUp = true;
    const scrape = scraperOf({
      statistics: statisticsWith({
        countRunning: () => (isUp ? Promise.resolve(3) : unavailable()),
        countRunningByStage: async () => ({ DETECTION_RUNNING: 3 }),
        countEnds: async () => ({ completed: 3, failed: 1, refused: 7, cancelled: 9 }),
      }),
    });
    const up = await scrape();
    expect(up.get('limelight_temporal_up')).toBe(1);
    expect(up.get('active_pipelines_count')).toBe(3);
    expect(up.get('limelight_jobs_running{stage="DETECTION_RUNNING"}')).toBe(3);
    expect(up.get('pipeline_success_rate{window="15m"}')).toBe(0.75);

    isUp = false;
    vi.advanceTimersByTime(5 * SECOND_MS);
    const down = await scrape();
    expect(down.get('limelight_temporal_up')).toBe(0);
    expect(down.get('active_pipelines_count')).toBeNaN();
    expect([...down.keys()].filter((name) => /success_rate|jobs_running/.test(name))).toEqual([]);

    isUp = true;
    vi.advanceTimersByTime(5 * SECOND_MS);
    expect((await scrape()).get('active_pipelines_count')).toBe(3);
  });

  it('have no success rate while no job has ended', async () => {
    expect([...(await scraperOf({})()).keys()].filter((name) => /success_rate/.test(name))).toEqual([]);
  });

  it('query Temporal once for scrapers that come together', async () => {
    const countRunning = vi.fn(async () => 0);
    const scrape = scraperOf({ statistics: statisticsWith({ countRunning }) });

    await Promise.all([scrape(), scrape(), scrape()]);

    expect(countRunning).toHaveBeenCalledTimes(1);
  });

  it('report queues, also those of providers, and retention in seconds', async () => {
    const lastSuccess = new Date('2026-01-01T00:00:00Z');
    const scrape = scraperOf({
      statistics: statisticsWith({
        queue: async (name) => ({ waiting: name.length, oldestMs: 2_500, pollers: 4 }),
        retention: async () => ({ lastSuccess, failures: 2 }),
      }),
      providers: [
        {
          name: 'far-away',
          account: { readCredits: unavailable },
          gate: { state: async () => undefined, hint: async () => {} },
        },
      ],
    });

    const now = await scrape();

    for (const queue of ['io', 'far-away']) {
      expect(now.get(`limelight_queue_depth{queue="${queue}"}`)).toBe(queue.length);
      expect(now.get(`limelight_queue_oldest_task_age_seconds{queue="${queue}"}`)).toBe(2.5);
      expect(now.get(`limelight_queue_pollers{queue="${queue}"}`)).toBe(4);
    }
    const sampleOf = (name: string) => [...now].find(([key]) => key.startsWith(`${name}{`))?.[1];
    expect(sampleOf('limelight_retention_last_success_timestamp_seconds')).toBe(lastSuccess.getTime() / 1000);
    expect(sampleOf('limelight_retention_failures')).toBe(2);
  });
});

describe('the metrics of a provider', () => {
  const LABELS = '{provider="far-away"}';
  const provider = (readCredits: () => Promise<{ remaining: number }>, hold?: 'outage' | 'credits') => ({
    name: 'far-away',
    account: { readCredits: async () => ({ ...(await readCredits()), total: 100 }) },
    gate: {
      state: async () => ({
        talksInFlight: 2,
        waiting: 3,
        ...(hold && { hold: { reason: hold, until: '2026-01-01T00:00:00Z' } }),
      }),
      hint: async () => {},
    },
  });

  it('have its credits, and the jobs that use it or wait for it', async () => {
    const now = await scraperOf({ providers: [provider(async () => ({ remaining: 7 }), 'credits')] })();

    expect(now.get(`limelight_provider_up${LABELS}`)).toBe(1);
    expect(now.get(`limelight_provider_credits_remaining${LABELS}`)).toBe(7);
    expect(now.get(`limelight_provider_talks_in_flight${LABELS}`)).toBe(2);
    expect(now.get(`limelight_provider_jobs_waiting${LABELS}`)).toBe(3);
    expect(now.get('limelight_provider_held{provider="far-away",reason="credits"}')).toBe(1);
    expect(now.get('limelight_provider_held{provider="far-away",reason="outage"}')).toBe(0);
  });

  it('say that it is down, without its old credits', async () => {
    let isUp = true;
    const scrape = scraperOf({
      providers: [provider(() => (isUp ? Promise.resolve({ remaining: 7 }) : unavailable()))],
    });
    await scrape();
    isUp = false;
    vi.advanceTimersByTime(60 * SECOND_MS);

    const now = await scrape();

    expect(now.get(`limelight_provider_up${LABELS}`)).toBe(0);
    expect(now.has(`limelight_provider_credits_remaining${LABELS}`)).toBe(false);
  });

  it('ask for the credits at most every 15 seconds', async () => {
    const readCredits = vi.fn(async () => ({ remaining: 7 }));
    const scrape = scraperOf({ providers: [provider(readCredits)] });
    for (let seconds = 0; seconds < 30; seconds += 5) {
      await scrape();
      vi.advanceTimersByTime(5 * SECOND_MS);
    }

    expect(readCredits).toHaveBeenCalledTimes(2);
  });

  it('do not wait for a provider that does not answer', async () => {
    const scraped = scraperOf({ providers: [provider(() => new Promise(() => {}))] })();

    await vi.advanceTimersByTimeAsync(5 * SECOND_MS);

    expect((await scraped).get('limelight_temporal_up')).toBe(1);
  });
});

it('the metrics of the store are its objects and its disk', async () => {
  const now = await scraperOf({
    storageUsage: async () => ({
      tiers: { videos: { files: 2, bytes: 3000 } },
      scannedAt: '2026-01-01T00:00:00Z',
      disk: { freeBytes: 10, totalBytes: 20 },
    }),
  })();

  expect(now.get('storage_used_bytes{tier="videos"}')).toBe(3000);
  expect(now.get('limelight_storage_objects{tier="videos"}')).toBe(2);
  expect(now.get('limelight_storage_free_bytes{disk="store"}')).toBe(10);
  expect(now.get('limelight_storage_disk_bytes{disk="store"}')).toBe(20);
});
