import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { summarize } from '../../src/api/tasks/timeline-summary.ts';
import type { Timeline, TimelineSummary, TimeSplit } from '../../src/contracts/schemas/timeline.ts';
import { TIME_KINDS } from '../../src/contracts/timeline.ts';
import { PipelineError } from '../../src/errors.ts';
import { recallRecord } from '../../src/temporal/recall-record.ts';
import { createTemporalTimeline } from '../../src/temporal/temporal-timeline.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { server, api, worker } = await startTestPipeline();

const get = async <T>(path: string) => (await (await fetch(`${api.url}${path}`)).json()) as T;
const timelineOf = (taskId: string) => get<Timeline>(`/api/pipeline/tasks/${taskId}/timeline`);
const sumOf = (split: TimeSplit) => TIME_KINDS.reduce((sum, kind) => sum + split[kind], 0);
const steps = ({ stages }: Timeline) => stages.flatMap((stage) => stage.steps);

describe('GET /api/pipeline/tasks/{task_id}/timeline', () => {
  it('shows the current stage of a running task and its duration', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);

    const timeline = await timelineOf(taskId);
    held.release();

    expect(timeline).toMatchObject({ task_id: taskId, source: 'history' });
    expect(timeline.ended_at).toBeUndefined();
    expect(timeline.stages.at(-1)).toMatchObject({
      stage: 'DID_PROCESSING',
    });
    expect(timeline.stages.at(-1)!.steps).toContainEqual(
      expect.objectContaining({ name: 'renderTalk', queue: 'render', attempts: 1, outcome: 'running' }),
    );
  });

  it('accounts for every moment, including failed attempts, even after Temporal has forgotten the task', async () => {
    const failing = worker.fail('removeBackground', new PipelineError('SLOT_CRASHED', 'The slot fell over'));
    const { taskId } = await submit(api);
    await expect
      .poll(async () => steps(await timelineOf(taskId)).find(({ name }) => name === 'removeBackground'), {
        timeout: 10_000,
      })
      .toMatchObject({ error: { code: 'SLOT_CRASHED' }, outcome: 'running' });
    failing.release();
    await expect
      .poll(async () => (await timelineOf(taskId)).ended_at, { timeout: 15_000 })
      .toEqual(expect.any(String));

    const timeline = await timelineOf(taskId);
    const { stages, total_ms, split_ms } = timeline;

    expect(stages.map(({ stage }) => stage)).toEqual([
      'INITIALIZED',
      'UPLOAD_COMPLETE',
      'DETECTION_RUNNING',
      'DETECTION_COMPLETE',
      'BACKGROUND_REMOVAL_RUNNING',
      'BACKGROUND_REMOVAL_COMPLETE',
      'DID_UPLOAD',
      'DID_PROCESSING',
      'DID_COMPLETE',
      'FINALIZING',
    ]);
    const tolerance = stages.length * TIME_KINDS.length;
    for (const { ms, split_ms } of stages) {
      expect(Math.abs(sumOf(split_ms) - ms)).toBeLessThanOrEqual(TIME_KINDS.length);
    }
    expect(Math.abs(sumOf(split_ms!) - total_ms)).toBeLessThanOrEqual(tolerance);
    const removal = steps(timeline).find(({ name }) => name === 'removeBackground')!;
    expect(removal).toMatchObject({
      queue: 'birefnet',
      queue_ms: 0,
      outcome: 'completed',
      error: { code: 'SLOT_CRASHED' },
    });
    expect(removal.attempts).toBeGreaterThan(1);
    // The pause before the second attempt alone takes half a second.
    expect(removal.retry_ms).toBeGreaterThan(400);
    expect(split_ms!.retry).toBeGreaterThan(400);

    // Another namespace of the same Temporal never knew it.
    const elsewhere = new Client({ connection: server.client.connection, namespace: 'temporal-system' });
    const app = createApp({ ...api.deps, timelines: createTemporalTimeline({ client: elsewhere }) });
    const answer = await app.request(`/api/pipeline/tasks/${taskId}/timeline`);
    const recorded = (await answer.json()) as Timeline;
    expect(recorded.source).toBe('record');
    expect(recorded.stages.map(({ stage }) => stage)).toEqual(stages.map(({ stage }) => stage));
    expect(steps(recorded).find(({ name }) => name === 'removeBackground')).toEqual(removal);
    // The record is written just before the workflow ends.
    expect(recorded.total_ms).toBeGreaterThan(removal.retry_ms);
    expect(recorded.total_ms).toBeLessThanOrEqual(total_ms);

    // What a record is rebuilt from where it is lost.
    const rebuilt = await recallRecord(server.client, taskId);
    expect(rebuilt).toEqual({ ...(await api.records.read(taskId)), timeline: rebuilt?.timeline });
    expect(rebuilt?.timeline?.stages).toEqual(timeline.stages);
  });

  it('has at least the stages if the record has no timeline', async () => {
    const { taskId } = await submit(api, { waitS: 30 });
    const { timeline: _, ...record } = (await api.records.read(taskId))!;
    const forgotten = randomUUID();
    await api.records.write({ ...record, task_id: forgotten });

    const timeline = await timelineOf(forgotten);

    expect(timeline.source).toBe('events');
    expect(timeline.stages[0]).toMatchObject({ stage: 'INITIALIZED', ms: expect.any(Number), steps: [] });
    expect(timeline.total_ms).toBeGreaterThan(0);
  });

  it('responds 404 for an unknown task', async () => {
    expect(await timelineOf(randomUUID())).toMatchObject({ code: 'TASK_NOT_FOUND' });
  });
});

describe('GET /api/pipeline/timeline', () => {
  it('returns percentiles of tasks that ended within the last day', async () => {
    await submit(api, { waitS: 30 });

    const summary = await get<TimelineSummary>('/api/pipeline/timeline');

    expect(summary.jobs).toBeGreaterThan(0);
    expect(summary.total_ms.p50).toBeGreaterThan(0);
    expect(summary.total_ms.p99).toBeGreaterThanOrEqual(summary.total_ms.p50);
    expect(summary.stages.map(({ stage }) => stage)).toContain('DETECTION_RUNNING');
  });

  it('computes percentiles as the smallest value that this share does not exceed', () => {
    const none: TimeSplit = { compute: 0, provider: 0, retry: 0, queue: 0, orchestration: 0 };
    const timelines = Array.from(
      { length: 100 },
      (_, index): Timeline => ({
        task_id: String(index),
        source: 'record',
        submitted_at: '2026-01-01T00:00:00.000Z',
        total_ms: index + 1,
        split_ms: { ...none, queue: index + 1 },
        stages: [],
      }),
    );
    const { jobs, total_ms, split_ms } = summarize(timelines, new Date());

    expect(jobs).toBe(100);
    expect(total_ms).toEqual({ p50: 50, p90: 90, p99: 99 });
    expect(split_ms.queue).toEqual({ p50: 50, p90: 90, p99: 99 });
    expect(summarize([], new Date()).total_ms).toEqual({ p50: 0, p90: 0, p99: 0 });
  });
});
