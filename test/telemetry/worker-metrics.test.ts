import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { SlotSnapshot } from '../../src/ports/slot-task.ts';
import { addEndedJobMetrics } from '../../src/telemetry/metrics/ended-job-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { addRetentionMetrics } from '../../src/telemetry/metrics/retention-metrics.ts';
import { pickSdkMetricsAddress, readSdkMetrics } from '../../src/telemetry/metrics/sdk-metrics.ts';
import { addSlotMetrics } from '../../src/telemetry/metrics/slot-metrics.ts';
import { parseMetrics } from '../harness/metric-lines.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

describe('the metrics of slots', () => {
  it('follow the pool, and count on from its own totals', async () => {
    const metrics = createMetrics('gpu');
    const slot: SlotSnapshot = {
      pid: 1,
      state: 'busy',
      memoryMb: 2,
      restarts: 1,
      recycled: 3,
      runs: 5,
      busyMs: 1500,
      facts: { model: 'yolo26n', provider: 'cpu' },
    };
    let slots: SlotSnapshot[] = [slot, { ...slot, state: 'starting', facts: {}, memoryMb: undefined }];
    addSlotMetrics(metrics, { yolo: { snapshot: () => slots } });
    const scrape = async () => parseMetrics(await metrics.render());

    const before = await scrape();
    expect(before.get('limelight_slots{pool="yolo",state="busy"}')).toBe(1);
    expect(before.get('limelight_slots{pool="yolo",state="starting"}')).toBe(1);
    expect(before.get('limelight_slots{pool="yolo",state="idle"}')).toBe(0);
    expect(before.get('limelight_slot_memory_bytes{pool="yolo",slot="0"}')).toBe(2 ** 21);
    expect(before.get('limelight_slot_busy_seconds_total{pool="yolo",slot="0"}')).toBe(1.5);
    expect(before.get('limelight_slot_recycled_total{pool="yolo",slot="0"}')).toBe(3);
    expect(
      before.get('limelight_slot_info{pool="yolo",slot="0",model="yolo26n",execution_provider="cpu"}'),
    ).toBe(1);
    expect(
      before.get('limelight_slot_info{pool="yolo",slot="1",model="none",execution_provider="none"}'),
    ).toBe(1);

    slots = [{ ...slot, state: 'idle', runs: 6, restarts: 2, facts: { model: 'other', provider: 'cuda' } }];
    const after = await scrape();
    expect(after.get('limelight_slot_runs_total{pool="yolo",slot="0"}')).toBe(6);
    expect(after.get('limelight_slot_restarts_total{pool="yolo",slot="0"}')).toBe(2);
    expect([...after.keys()].filter((name) => name.includes('yolo26n'))).toEqual([]);
  });
});

describe('the metrics of ended jobs', () => {
  it('have the time in each stage, and what was paid, cached and computed in another way', async () => {
    const metrics = createMetrics('io');
    const ended = addEndedJobMetrics(metrics);
    const { store } = await createStore();
    const { record } = await storeTask(store, 'task-1');
    const event = (seq: number, stage: 'DETECTION_RUNNING' | 'COMPLETED', second: number) => ({
      seq,
      task_id: 'task-1',
      event_type: 'stage_update' as const,
      data: { stage, progress_percent: 0, message: '' },
      timestamp: new Date(second * 1000).toISOString(),
    });
    const move = { from: 'cuda', to: 'cpu', reason: 'no memory' };

    const made = {
      person_detection: {
        total_persons: 1,
        selected_person_id: 1,
        confidence: 0.9,
        persons: [],
        fallbacks: [move, move],
      },
      background_removal: { input_size: 1024, fallbacks: [move] },
      provider: { name: 'local', degraded: true },
      video: {
        width_px: 512,
        height_px: 512,
        duration_s: 1,
        bytes: 1,
        sha256: '0'.repeat(64),
        content_type: 'video/mp4',
      },
      timings_ms: {},
      cached: ['BACKGROUND_REMOVAL_RUNNING'],
      warnings: [],
    };

    ended({
      ...record,
      events: [event(1, 'DETECTION_RUNNING', 0), event(2, 'COMPLETED', 4)],
      usage: [
        { provider: 'd-id', talk_id: 'talk-1', credits: 2, seconds: 9 },
        { provider: 'd-id', talk_id: 'talk-0', credits: 1, seconds: 9, refund_expected: true },
      ],
      outcome: {
        task_id: 'task-1',
        success: true,
        execution_time_ms: 4000,
        metadata: made,
      },
    });
    ended({
      ...record,
      outcome: {
        task_id: 'task-1',
        success: true,
        execution_time_ms: 1,
        metadata: { ...made, provider: { name: 'd-id', degraded: false } },
      },
    });
    ended(record);

    const now = parseMetrics(await metrics.render());
    expect(now.get('limelight_stage_duration_seconds_sum{stage="DETECTION_RUNNING"}')).toBe(4);
    expect(now.get('limelight_stage_duration_seconds_count{stage="DETECTION_RUNNING"}')).toBe(1);
    expect(now.get('limelight_provider_credits_spent_total{provider="d-id"}')).toBe(3);
    expect(now.get('limelight_provider_credits_to_return_total{provider="d-id"}')).toBe(1);
    expect(now.get('limelight_provider_talk_seconds_total{provider="d-id"}')).toBe(18);
    expect(now.get('limelight_jobs_degraded_total')).toBe(1);
    expect(now.get('limelight_cache_hits_total{stage="BACKGROUND_REMOVAL_RUNNING"}')).toBe(2);
    expect(now.get('limelight_fallbacks_total{stage="DETECTION_RUNNING"}')).toBe(4);
    expect(now.get('limelight_fallbacks_total{stage="BACKGROUND_REMOVAL_RUNNING"}')).toBe(2);
    expect(now.get('limelight_job_failures_total{code="INTERNAL",stage="INITIALIZED"}')).toBe(1);
  });
});

it('the metrics of retention add up over its runs', async () => {
  const metrics = createMetrics('io');
  const ran = addRetentionMetrics(metrics);
  const none = { files: 0, bytes: 0 };
  const report = {
    started_at: '2026-01-01T00:00:00Z',
    duration_ms: 2500,
    dry_run: false,
    scanned: none,
    deleted: {
      uploads: none,
      processed: none,
      videos: { files: 2, bytes: 30 },
      temp: none,
      records: none,
      unknown: none,
      cache: none,
    },
    kept: { running: 0, held: 0 },
    swept: 0,
    errors: { count: 1, examples: [] },
  };

  ran(report);
  ran({ ...report, duration_ms: 1000 });

  const now = parseMetrics(await metrics.render());
  expect(now.get('limelight_retention_deleted_files_total{group="videos"}')).toBe(4);
  expect(now.get('limelight_retention_deleted_bytes_total{group="videos"}')).toBe(60);
  expect(now.get('limelight_retention_errors_total')).toBe(2);
  expect(now.get('limelight_retention_last_duration_seconds')).toBe(1);
});

describe('the metrics of a process', () => {
  it('are complete without a part that fails', async () => {
    const metrics = createMetrics('io', () => Promise.reject(new Error('The SDK does not answer')));
    metrics.beforeScrape(() => Promise.reject(new Error('A collector fails')));

    const now = parseMetrics(await metrics.render());

    expect(now.get(`limelight_process_info{part="io",node_version="${process.version}"}`)).toBe(1);
  });

  it("include those of Temporal's SDK", async () => {
    const address = await pickSdkMetricsAddress();
    const server = createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsdk_requests 4\n')),
    );
    await new Promise<void>((resolve) => server.listen(Number(address.split(':')[1]), '127.0.0.1', resolve));
    try {
      const metrics = createMetrics('io', () => readSdkMetrics(address));

      expect(parseMetrics(await metrics.render()).get('sdk_requests')).toBe(4);
    } finally {
      server.close();
    }
  });
});
