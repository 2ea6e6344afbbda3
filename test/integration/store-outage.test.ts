import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { taskPrefix } from '../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createS3Store } from '../../src/storage/s3/s3-store.ts';
import { readMessages, stageEvents } from '../harness/api/event-reader.ts';
import { startPipelineWorker } from '../harness/api/pipeline-worker.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi, type TestApi } from '../harness/api/test-api.ts';
import { STAGE_ACTIVITIES } from '../harness/happy-activities.ts';
import { needs } from '../harness/needs.ts';
import { startS3Server } from '../harness/s3-server.ts';
import { type LinkState, startTcpProxy } from '../harness/tcp-proxy.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

/** A store that goes away and comes back. */
interface MortalStore extends AsyncDisposable {
  store: ObjectStore;
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
}

async function openBucket(link: LinkState): Promise<MortalStore> {
  const resources = new AsyncDisposableStack();
  const server = resources.use(await startS3Server());
  const proxy = resources.use(await startTcpProxy({ port: Number(new URL(server.settings.endpoint!).port) }));
  const folder = await mkdtemp(join(tmpdir(), 'limelight-outage-s3-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const settings = { ...server.settings, endpoint, idleTimeoutMs: 1_000 };
  const store = resources.use(createS3Store({ ...settings, folder, maxLocalBytes: 1e8 }));
  return {
    store,
    takeAway: async () => proxy.set(link),
    bringBack: async () => proxy.set('open'),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Where a network drive was, an empty folder stays. */
async function openFolder(): Promise<MortalStore> {
  const base = await mkdtemp(join(tmpdir(), 'limelight-outage-folder-'));
  const root = join(base, 'store');
  const store = createFileStore({ root });
  return {
    store,
    async takeAway() {
      await rename(root, `${root}-away`);
      await mkdir(root);
    },
    async bringBack() {
      await rmdir(root);
      await rename(`${root}-away`, root);
    },
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}

/** A request that hangs fails the test. */
const ANSWERS_WITHIN_MS = 8_000;

interface Answer {
  status: number;
  headers: Headers;
  body: { code?: string } & Record<string, unknown>;
}

async function call({ url }: TestApi, path: string, init: RequestInit = {}): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  const answer = await fetch(url + path, { ...init, signal });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : { text } };
}

const statusOf = async (api: TestApi, taskId: string) => {
  const { status, body } = await call(api, `/api/pipeline/status/${taskId}`);
  return status === 200 ? String(body.message) : `${status}: ${body.detail}`;
};

const eventsOf = (api: TestApi, taskId: string) =>
  fetch(`${api.url}/api/pipeline/progress/${taskId}/events`).then(async (answer) =>
    stageEvents(await readMessages(answer)),
  );

async function expectNoHang(api: TestApi, { running, ended }: { running: string; ended: string }) {
  const patch = { method: 'PUT', headers: { 'content-type': 'application/json' } };
  const task = `/api/pipeline/tasks/${ended}`;
  const refused: Array<[path: string, init?: RequestInit]> = [
    ['/health/ready'],
    [`${task}/video`],
    [`${task}/thumbnail`],
    [`${task}/name`, { ...patch, body: JSON.stringify({ name: 'New name' }) }],
    [`${task}/links`, { ...patch, method: 'POST', body: JSON.stringify({ name: 'video' }) }],
    [`/api/pipeline/tasks/${running}/preview`],
    ['/api/pipeline/usage'],
    ['/api/gpu'],
  ];
  for (const [path, init] of refused) {
    const { status, headers, body } = await call(api, path, init);
    expect([path, status, body.code]).toEqual([path, 503, 'STORAGE_UNAVAILABLE']);
    expect(Number(headers.get('retry-after')), path).toBeGreaterThan(0);
  }
  const submitted = await submit(api);
  expect(submitted).toMatchObject({ status: 503, body: { code: 'STORAGE_UNAVAILABLE' } });

  for (const path of [
    '/health/live',
    '/api/info',
    '/api/pipeline/tasks',
    '/api/queues',
    `${task}/timeline`,
    `/api/pipeline/status/${ended}`,
    `/api/pipeline/status/${running}`,
  ]) {
    expect([path, (await call(api, path)).status]).toEqual([path, 200]);
  }
  expect((await call(api, '/metrics')).body.text).toContain('limelight_storage_up 0');
  const events = await eventsOf(api, ended);
  expect(events.at(-1)?.data.stage).toBe('COMPLETED');
}

const OUTAGES: Array<
  [
    name: string,
    open: () => Promise<MortalStore>,
    test: (name: string, body: () => Promise<void>, timeoutMs: number) => void,
  ]
> = [
  ['the bucket is cut off', () => openBucket('cut'), needs('Go').it],
  ['the answers of the bucket are lost', () => openBucket('unanswered'), needs('Go').it],
  ['the bucket is silent', () => openBucket('silent'), needs('Go').it],
  ['the folder is not mounted', openFolder, it],
];

describe('no job is lost, no reader misses its end, and no request hangs', () => {
  for (const [name, open, test] of OUTAGES) {
    test(`while ${name}, whatever step a job is at`, async () => {
      await using resources = new AsyncDisposableStack();
      const { store, takeAway, bringBack } = resources.use(await open());
      const server = resources.use(await openTestNamespace());
      const api = resources.use(await startTestApi(server.client, { store }));
      const worker = resources.use(await startPipelineWorker(server, api));
      const ended = (await submit(api)).taskId;
      await expect.poll(() => statusOf(api, ended), { timeout: 20_000 }).toBe('The video is ready');

      const stopAt = async (activity: string) => {
        const taskId = randomUUID();
        const held = resources.use(worker.hold(activity, taskId));
        expect((await submit(api, { taskId })).status).toBe(202);
        return { activity, taskId, held, events: eventsOf(api, taskId) };
      };
      const jobs = await Promise.all([...STAGE_ACTIVITIES, 'recordTask'].map(stopAt));
      const cancelled = await stopAt('renderTalk');
      const failed = await stopAt('renderTalk');
      const all = [...jobs, cancelled, failed];
      await expect
        .poll(() => all.filter(({ held }) => held.reached() === 0), { timeout: 30_000 })
        .toEqual([]);

      await takeAway();
      await expectNoHang(api, { running: failed.taskId, ended });
      for (const { held } of jobs) held.release();
      expect(
        (await call(api, `/api/pipeline/tasks/${cancelled.taskId}/cancel`, { method: 'POST' })).status,
      ).toBe(202);
      failed.held.fail(
        ApplicationFailure.create({ type: 'DEVICE_FAILED', message: 'No memory', nonRetryable: true }),
      );
      for (const { taskId, activity } of all) {
        await expect
          .poll(() => statusOf(api, taskId), { timeout: 30_000, message: activity })
          .toMatch(/^Waiting for storage/);
      }
      await bringBack();

      for (const { events, taskId, activity } of jobs) {
        expect((await events).at(-1)?.data.stage, activity).toBe('COMPLETED');
        expect((await api.records.read(taskId))?.outcome, activity).toMatchObject({ success: true });
      }
      expect((await cancelled.events).at(-1)?.data.stage).toBe('CANCELLED');
      expect(await Array.fromAsync(store.list(taskPrefix('uploads', cancelled.taskId)))).toEqual([]);
      expect((await failed.events).at(-1)?.data).toMatchObject({
        stage: 'FAILED',
        details: { outcome: { error: { code: 'DEVICE_FAILED', retry: expect.anything() } } },
      });
      for (const { events, taskId } of all) {
        const told = await events;
        expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
        expect(told.some(({ data }) => data.details?.waiting_for === 'storage')).toBe(true);
        expect((await api.records.read(taskId))?.events).toHaveLength(told.length);
      }
      expect((await call(api, '/health/ready')).status).toBe(200);

      const retry = { method: 'POST' };
      expect((await call(api, `/api/pipeline/tasks/${failed.taskId}/retry`, retry)).status).toBe(202);
      await expect.poll(() => statusOf(api, failed.taskId), { timeout: 20_000 }).toBe('The video is ready');
    }, 180_000);
  }
});
