import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobFailure, JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { TaskRecords } from '../../src/ports/task-records.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { JOB_OPTIONS } from '../harness/job-options.ts';

const TASK = '0a8f3c52-6f0b-4b57-9a4e-0f4f5a3b2c1d';
const NOW = '2026-01-02T03:04:05.678Z';
const SHA256 = '0123456789abcdef'.repeat(4);

const event: StageEvent = {
  seq: 1,
  task_id: TASK,
  event_type: 'stage_update',
  data: { stage: 'INITIALIZED', progress_percent: 0, message: 'Accepted', details: { queue: 'media' } },
  timestamp: NOW,
};
const running: TaskMetadata = {
  schema_version: 1,
  task_id: TASK,
  fingerprint: SHA256,
  submitted_at: NOW,
  updated_at: NOW,
  options: JOB_OPTIONS,
  objects: [{ key: `uploads/${TASK}/image-0123456789abcdef`, bytes: 12_345, sha256: SHA256 }],
  events: [event],
};
const result: JobResult = {
  task_id: TASK,
  success: true,
  execution_time_ms: 12_345,
  metadata: {
    person_detection: {
      total_persons: 1,
      selected_person_id: 1,
      confidence: 0.93,
      persons: [{ id: 1, confidence: 0.93, box: [1, 2, 300.5, 400] }],
    },
    background_removal: { input_size: 1024 },
    provider: { name: 'local', degraded: false },
    video: {
      width_px: 512,
      height_px: 512,
      duration_s: 11.02,
      bytes: 1_234_567,
      sha256: SHA256,
      content_type: 'video/mp4',
    },
    timings_ms: { INITIALIZED: 120 },
    cached: [],
    warnings: ['The face is small: 96 px'],
  },
};
const failure: JobFailure = {
  task_id: TASK,
  success: false,
  execution_time_ms: 3210,
  error: {
    code: 'PERSON_NOT_FOUND',
    message: 'Expected a person, found none',
    stage: 'DETECTION_RUNNING',
    retryable: false,
    compensated: ['delete processed files'],
  },
};

let root: string;
let store: ObjectStore;
let records: TaskRecords;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-records-'));
  store = createFileStore({ root });
  records = createTaskRecords({ store });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const writeRaw = (record: unknown) =>
  store.put(
    taskKeys(TASK).metadata,
    Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
  );

describe('task records', () => {
  it.each<[string, TaskMetadata]>([
    ['runs', running],
    ['completed', { ...running, outcome: result }],
    ['failed', { ...running, objects: [], outcome: failure }],
  ])('give back what was written of a job that %s', async (_, metadata) => {
    await store.deleteAll(`videos/${TASK}/`);
    await records.write(metadata);
    expect(await records.read(TASK)).toEqual(metadata);
  });

  it('are not written if they could not be read back', async () => {
    await records.write(running);
    const options = { ...running.options, apply_smoothing: Object as unknown as boolean };

    await expect(records.write({ ...running, options })).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    expect(await records.read(TASK)).toEqual(running);
  });

  describe('of a late writer', () => {
    const later = {
      ...event,
      seq: 2,
      data: { ...event.data, stage: 'UPLOAD_COMPLETE', progress_percent: 20 },
    };
    const states = {
      running,
      'further on': { ...running, events: [event, later], updated_at: '2026-01-02T03:04:06.000Z' },
      // The window of a failed job amends its last record, without another event.
      amended: { ...running, events: [event, later], objects: [], updated_at: '2026-01-02T03:05:00.000Z' },
    } as Record<string, TaskMetadata>;
    const inOrder = Object.entries(states);

    it.each(
      inOrder.flatMap(([older, from], index) =>
        inOrder.slice(index + 1).map(([newer, to]) => ({ older, newer, from, to })),
      ),
    )('never replace a later state: "$older" after "$newer"', async ({ from, to }) => {
      await store.deleteAll(`videos/${TASK}/`);

      expect(await records.write(from)).toBe(true);
      expect(await records.write(to)).toBe(true);
      expect(await records.write(from)).toBe(false);

      expect(await records.read(TASK)).toEqual(to);
    });

    it('replace the same state, and do not count as a change of it', async () => {
      await store.deleteAll(`videos/${TASK}/`);
      await records.write(running);

      expect(await records.write({ ...running, objects: [] })).toBe(false);

      expect((await records.read(TASK))?.objects).toEqual([]);
    });

    it.each(['not JSON', JSON.stringify({ schema_version: 2 })])(
      'replace what cannot be read: %s',
      async (raw) => {
        await writeRaw(raw);

        expect(await records.write(running)).toBe(true);

        expect(await records.read(TASK)).toEqual(running);
      },
    );
  });

  it('keep a talk that was paid for, whatever a later writer knows of it', async () => {
    await store.deleteAll(`videos/${TASK}/`);
    const found = { provider: 'd-id', talk_id: 'tlk_1', seconds: 11, credits: 1 };
    const other = { ...found, talk_id: 'tlk_2' };
    await records.write({ ...running, usage: [found] });

    await records.write(running);
    expect((await records.read(TASK))?.usage).toEqual([found]);
    const refunded = { ...found, refund_expected: true };
    await records.write({ ...running, usage: [other, refunded] });

    expect((await records.read(TASK))?.usage).toEqual([refunded, other]);
    await store.deleteAll(`videos/${TASK}/`);
  });

  it('lie beside the video, readable for a person', async () => {
    await records.write(running);
    expect((await store.read(`videos/${TASK}/metadata.json`)).toString()).toMatch(
      /^\{\n {2}"schema_version": 1,\n/,
    );
  });

  it('have nothing of an unknown task', async () => {
    expect(await records.read('11111111-2222-4333-8444-555555555555')).toBeUndefined();
  });

  it('refuse one that a later Limelight wrote, and say what to do', async () => {
    await writeRaw({ schema_version: 2, whatever: true });
    await expect(records.read(TASK)).rejects.toMatchObject({
      code: 'RECORD_TOO_NEW',
      message: `Expected videos/${TASK}/metadata.json to have schema_version 1 or less, but it has 2. Upgrade this Limelight to the version that wrote it`,
    });
  });

  it('keep fields, providers and error codes that a later Limelight added within this version', async () => {
    const error = { ...failure.error, code: 'MOON_IN_THE_WAY', hint: 'Wait' };
    await writeRaw({
      ...running,
      options: { ...running.options, provider: 'avatar' },
      outcome: { ...failure, error },
      cost_cents: 12,
    });

    expect(await records.read(TASK)).toMatchObject({
      cost_cents: 12,
      options: { provider: 'avatar' },
      outcome: { error: { code: 'INTERNAL', hint: 'Wait', message: failure.error.message } },
    });
  });

  it.each<[string, unknown]>([
    ['no JSON', '{"schema_version": 1'],
    ['no object', '[]'],
    ['without a version', { ...running, schema_version: undefined }],
    ['without events', { ...running, events: undefined }],
    [
      'with an unknown stage',
      { ...running, events: [{ ...event, data: { ...event.data, stage: 'NAPPING' } }] },
    ],
    ['with an outcome that is neither', { ...running, outcome: { task_id: TASK, success: 'maybe' } }],
    ['with a hash that is none', { ...running, objects: [{ key: 'a', bytes: 1, sha256: 'x' }] }],
  ])('refuse one %s as OBJECT_CORRUPT', async (_, record) => {
    await writeRaw(record);
    await expect(records.read(TASK)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
  });
});
