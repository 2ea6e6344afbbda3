import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { openLazyClient } from '../../src/temporal/connection.ts';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.ts';
import { readMessages, seqs } from '../harness/api/event-reader.ts';
import { type PipelineWorker, startPipelineWorker } from '../harness/api/pipeline-worker.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi, type TestApi } from '../harness/api/test-api.ts';
import { storeTask } from '../harness/storage/task-files.ts';

let dir: string;
let port: number;
let client: Client;
let api: TestApi;
let temporal: DevServer | undefined;
let worker: PipelineWorker | undefined;
let workerConnection: NativeConnection | undefined;

async function startTemporal(): Promise<void> {
  temporal ??= await startDevServer({ binary: findTemporalBinary(process.env), dir, port });
  await expect.poll(ready, { timeout: 20_000 }).toBe(200);
}

async function stopTemporal(): Promise<void> {
  await temporal?.stop();
  temporal = undefined;
}

async function startWorker(): Promise<PipelineWorker> {
  workerConnection ??= await NativeConnection.connect({ address: `127.0.0.1:${port}` });
  worker ??= await startPipelineWorker({ workerConnection, namespace: 'default' }, api);
  return worker;
}

async function stopWorker(): Promise<void> {
  await worker?.[Symbol.asyncDispose]();
  await workerConnection?.close();
  worker = undefined;
  workerConnection = undefined;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'limelight-outage-'));
  port = await freePort();
  client = openLazyClient(loadConfig({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` }).temporal);
  api = await startTestApi(client);
});

afterAll(async () => {
  await stopWorker();
  await api[Symbol.asyncDispose]();
  await client.connection.close();
  await stopTemporal();
  await rm(dir, { recursive: true, force: true });
});

const call = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${api.url}${path}`, init);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as unknown };
};
const ready = async () => (await fetch(`${api.url}/health/ready`)).status;

it('responds 503 at once while Temporal is unavailable, with nothing half done', async () => {
  await stopTemporal();
  const before = await api.files();
  const taskId = randomUUID();
  const startedAt = performance.now();
  const answers = [
    await submit(api, { taskId }),
    await call(`/api/pipeline/status/${taskId}`),
    await call(`/api/pipeline/progress/${taskId}/events`),
    await call(`/api/pipeline/tasks/${taskId}/video`),
    await call(`/api/pipeline/tasks/${taskId}/cancel`, { method: 'POST' }),
    await call('/health/ready'),
  ];

  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.body).toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  }
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(await api.files()).toEqual(before);
  expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
});

it('serves files, status and events of ended tasks from the store while Temporal is unavailable', async () => {
  await stopTemporal();
  const taskId = randomUUID();
  const { record } = await storeTask(api.store, taskId);
  const event: StageEvent = {
    seq: 1,
    task_id: taskId,
    event_type: 'stage_update',
    data: { stage: 'FAILED', progress_percent: 0, message: 'Failed' },
    timestamp: record.submitted_at,
  };
  await api.records.write({ ...record, events: [event] });

  expect(await call(`/api/pipeline/status/${taskId}`)).toMatchObject({ body: { stage: 'FAILED' } });
  expect((await fetch(`${api.url}/api/pipeline/tasks/${taskId}/thumbnail`)).status).toBe(200);
  const answer = await fetch(`${api.url}/api/pipeline/progress/${taskId}/events`);
  expect(seqs(await readMessages(answer))).toEqual([1]);
});

it('accepts submissions while there is no worker, and reports their status', async () => {
  await stopWorker();
  await startTemporal();
  const taskId = randomUUID();

  expect((await submit(api, { taskId })).status).toBe(202);
  const status = await fetch(`${api.url}/api/pipeline/status/${taskId}`);
  expect(await status.json()).toMatchObject({
    stage: 'INITIALIZED',
    progress_percent: 0,
    message: expect.stringContaining('do not answer at the moment'),
  });

  const events = fetch(`${api.url}/api/pipeline/progress/${taskId}/events`).then((answer) =>
    readMessages(answer),
  );
  await startWorker();
  expect(seqs(await events).at(-1)).toBe(11);
}, 60_000);

it('keeps its readers through a restart of Temporal, and they miss nothing', async () => {
  await startTemporal();
  using held = (await startWorker()).hold('renderTalk');
  const taskId = randomUUID();
  expect((await submit(api, { taskId })).status).toBe(202);
  const answer = await fetch(`${api.url}/api/pipeline/progress/${taskId}/events`);
  const messages = readMessages(answer);
  await expect.poll(held.reached, { timeout: 20_000 }).toBeGreaterThan(0);

  await stopTemporal();
  expect(await ready()).toBe(503);
  await startTemporal();
  held.release();

  expect(seqs(await messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}, 90_000);
