import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { EraseReceipt } from '../../src/contracts/schemas/erase-receipt.ts';
import type { DeliveryMemo, WebhookMessage } from '../../src/contracts/schemas/webhook.ts';
import { DELIVER_WEBHOOK, RETRY_DELAYS_S, toDeliveryWorkflowId } from '../../src/contracts/webhook.ts';
import { PipelineError } from '../../src/errors.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { loadWorkflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { PUBLIC_URL } from '../harness/api/pipeline-worker.ts';
import { type SubmitOptions, submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { startReceiver } from '../harness/api/webhook-receiver.ts';
import { runHere } from '../harness/cli/run-here.ts';
import type { TestServer } from '../harness/temporal-server.ts';

interface Delivery {
  id: string;
  type: string;
  state: string;
  attempts: Array<{ status?: number; error?: string }>;
  next_attempt_at?: string;
}

const { server, api, worker } = await startTestPipeline({ networks: ['127.0.0.2/32'] });
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let key: string;

beforeAll(async () => {
  receiver = await startReceiver();
  key = await api.keys.create('acme', ['submit', 'read']);
});

afterAll(() => receiver[Symbol.asyncDispose]());

async function call<T>(method: string, path: string, body?: FormData | object, secret = key): Promise<T> {
  const isJson = body !== undefined && !(body instanceof FormData);
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${secret}`, ...(isJson && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as FormData) }),
  });
  const text = await answer.text();
  return { status: answer.status, ...(text !== '' && JSON.parse(text)) } as T;
}

const list = async (query = '') =>
  (await call<{ deliveries: Delivery[] }>('GET', `/api/webhooks/deliveries${query}`)).deliveries;
const sendNow = (id: string) => call<{ status: number }>('POST', `/api/webhooks/deliveries/${id}/send`);

const submitTo = (path: string, { fields, ...options }: SubmitOptions = {}) =>
  submit(api, {
    headers: { Authorization: `Bearer ${key}` },
    fields: { webhook_url: receiver.url(path), ...fields },
    waitS: 30,
    ...options,
  });
const ALL_EVENTS = { fields: { webhook_events: 'all' } };

/** A delivery without a job. */
async function deliver(path: string, message: Partial<WebhookMessage> = {}) {
  const taskId = randomUUID();
  const type = 'task.completed' as const;
  const sent: WebhookMessage = {
    id: `msg_${taskId.replaceAll('-', '')}`,
    taskId,
    owner: 'acme',
    url: receiver.url(path),
    type,
    event: {
      seq: 9,
      task_id: taskId,
      event_type: 'stage_update',
      data: { stage: 'COMPLETED', progress_percent: 100, message: 'The video is ready' },
      timestamp: new Date().toISOString(),
    },
    ...message,
  };
  const memo: DeliveryMemo = { taskId, owner: 'acme', url: sent.url, type, state: 'pending', attempts: [] };
  const handle = await server.client.workflow.start(DELIVER_WEBHOOK, {
    workflowId: toDeliveryWorkflowId(sent.id),
    taskQueue: QUEUES.pipeline,
    args: [sent],
    memo: { ...memo },
  });
  return { id: sent.id, handle };
}

describe('a job with a webhook_url', () => {
  it('waits for the storage, where the secrets are, and spends no attempt on that', async () => {
    const away = worker.fail('sendWebhook', new PipelineError('STORAGE_UNAVAILABLE', 'It does not respond'));
    const { handle } = await deliver('/patient');
    await sleep(3_000);
    expect(receiver.at('/patient')).toEqual([]);

    away.release();

    expect(await handle.result()).toMatchObject({ state: 'delivered', attempts: [{ status: 200 }] });
    await receiver.until('/patient', 1);
  });

  it('sends its end, signed according to Standard Webhooks', async () => {
    const { taskId } = await submitTo('/end');
    const [webhook] = await receiver.until('/end', 1);
    const { secrets } = await call<{ secrets: Array<{ secret: string }> }>('GET', '/api/webhooks/secrets');

    expect(new Webhook(secrets[0]!.secret).verify(webhook!.text, webhook!.headers)).toMatchObject({
      type: 'task.completed',
      data: {
        task_id: taskId,
        progress_percent: 100,
        data: {
          stage: 'COMPLETED',
          details: {
            outcome: { success: true, video_url: `${PUBLIC_URL}/api/pipeline/tasks/${taskId}/video` },
          },
        },
      },
    });
    expect(() => new Webhook(secrets[0]!.secret).verify(`${webhook!.text} `, webhook!.headers)).toThrow();
    expect(webhook!.headers['content-type']).toBe('application/json');
    await expect
      .poll(() => list(`?task_id=${taskId}`))
      .toEqual([
        expect.objectContaining({
          id: webhook!.headers['webhook-id'],
          type: 'task.completed',
          state: 'delivered',
          attempts: [expect.objectContaining({ status: 200 })],
        }),
      ]);
  });

  it('sends each stage once if all events are wanted', async () => {
    const { taskId } = await submitTo('/all', ALL_EVENTS);
    const events = (await api.records.read(taskId))!.events;
    const webhooks = await receiver.until('/all', events.length);

    const seen = webhooks.map(({ body }) => body.data.seq).sort((a, b) => a - b);
    expect(seen).toEqual(events.map(({ seq }) => seq));
    expect(new Set(webhooks.map(({ headers }) => headers['webhook-id'])).size).toBe(events.length);
    expect(webhooks.filter(({ body }) => body.type === 'task.completed')).toHaveLength(1);
    expect(webhooks.filter(({ body }) => body.type === 'task.updated')).toHaveLength(events.length - 1);
  });

  it('sends its cancellation', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submitTo('/cancelled', { waitS: 0 });
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);
    await call('POST', `/api/pipeline/tasks/${taskId}/cancel`);
    const [webhook] = await receiver.until('/cancelled', 1);
    held.release();

    expect(webhook!.body).toMatchObject({ type: 'task.cancelled', data: { data: { stage: 'CANCELLED' } } });
  });

  it('replays with it', async () => {
    const { taskId } = await submitTo('/replayed', ALL_EVENTS);
    const [delivery] = await list(`?task_id=${taskId}`);
    const workflowBundle = await loadWorkflowBundle({ encryptsFailures: true });
    const dataConverter = { payloadCodecs: [createPayloadCodec(server.payloadKeys)] };

    for (const workflowId of [`video/${taskId}`, `webhook/${delivery!.id}`]) {
      const history = await server.client.workflow.getHandle(workflowId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, workflowId);
    }
  });
});

describe('a delivery', () => {
  it('is attempted exactly on schedule, then given up', async () => {
    receiver.answer('/down', ...RETRY_DELAYS_S.map(() => 503), 200);
    const { id, handle } = await deliver('/down');

    // Each wait is real; only being asked for ends it before its time.
    for (let attempts = 1; attempts < RETRY_DELAYS_S.length; attempts += 1) {
      await expect
        .poll(async () => countTimers(await handle.fetchHistory()), { timeout: 10_000, interval: 20 })
        .toBe(attempts);
      expect(await sendNow(id)).toEqual({ status: 202 });
      await receiver.until('/down', attempts + 1);
    }
    expect(await handle.result()).toMatchObject({ state: 'failed' });

    const waits = timersOf(await handle.fetchHistory());
    expect([0, ...waits]).toEqual([0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    const all = receiver.at('/down');
    expect(new Set(all.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    expect(all).toHaveLength(10);
  });

  it('is retried until the receiver accepts it', async () => {
    receiver.answer('/flaky', 500, 302, 429);
    const { handle } = await deliver('/flaky', { timeScale: 1e-6 });

    expect(await handle.result()).toMatchObject({
      state: 'delivered',
      attempts: [{ status: 500 }, { status: 302 }, { status: 429 }, { status: 200 }],
    });
    expect(receiver.at('/redirected')).toEqual([]);
  });

  it('is given up if the receiver is gone, and later ones are not sent to it', async () => {
    receiver.answer('/gone', 410);
    const first = await deliver('/gone');
    expect(await first.handle.result()).toMatchObject({ state: 'disabled', attempts: [{ status: 410 }] });
    const second = await deliver('/gone');
    expect(await second.handle.result()).toEqual({ state: 'disabled', attempts: [] });
    const admin = await api.keys.create('boss', ['admin']);
    await expect
      .poll(async () => {
        const path = '/api/webhooks/deliveries?limit=100';
        const page = await call<{ deliveries: Delivery[] }>('GET', path, undefined, admin);
        return page.deliveries.find(({ id }) => id === second.id);
      })
      .toMatchObject({ state: 'disabled', attempts: [] });
    expect(receiver.at('/gone')).toHaveLength(1);
    // Of another key it is another receiver.
    const other = await deliver('/gone', { owner: 'other' });
    expect(await other.handle.result()).toMatchObject({ state: 'delivered' });
    // By hand it is tried, and enabled when it takes it.
    expect((await sendNow(second.id)).status).toBe(202);
    await receiver.until('/gone', 3);
    await expect
      .poll(
        async () => (await server.client.workflow.getHandle(`webhook/${second.id}`).describe()).status.name,
      )
      .toBe('COMPLETED');
    const third = await deliver('/gone');
    expect(await third.handle.result()).toMatchObject({ state: 'delivered' });
  });

  it('can be sent again manually, under the same id', async () => {
    const { id, handle } = await deliver('/again');
    await handle.result();

    expect((await sendNow(id)).status).toBe(202);

    const webhooks = await receiver.until('/again', 2);
    expect(webhooks.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    expect(webhooks[0]!.text).toBe(webhooks[1]!.text);
  });

  it('is not sent to an address that has become private since it was accepted', async () => {
    const { handle } = await deliver('/', { url: 'https://127.0.0.1/', timeScale: 1e-6 });

    const { state, attempts } = (await handle.result()) as {
      state: string;
      attempts: Array<{ error: string }>;
    };
    expect(state).toBe('failed');
    expect(attempts).toHaveLength(10);
    expect(attempts[0]!.error).toContain('leads elsewhere');
  });

  it('is listed for its own key only, by state and in pages', async () => {
    const stranger = await api.keys.create('stranger', ['submit', 'read']);
    const { taskId } = await submitTo('/listed', ALL_EVENTS);
    await expect
      .poll(async () => (await list(`?task_id=${taskId}&state=delivered&limit=100`)).length, {
        timeout: 10_000,
      })
      .toBe((await api.records.read(taskId))!.events.length);
    const page = await call<{ deliveries: Delivery[]; cursor: string }>(
      'GET',
      `/api/webhooks/deliveries?task_id=${taskId}&limit=3`,
    );
    const next = await list(`?task_id=${taskId}&limit=3&cursor=${page.cursor}`);
    const ids = [...page.deliveries, ...next].map(({ id }) => id);

    expect(new Set(ids).size).toBe(6);
    expect(await list(`?task_id=${taskId}&state=failed`)).toEqual([]);
    expect(await call('GET', '/api/webhooks/deliveries', undefined, stranger)).toMatchObject({
      deliveries: [],
    });
    expect(await call('POST', `/api/webhooks/deliveries/${ids[0]}/send`, undefined, stranger)).toMatchObject({
      status: 404,
      code: 'DELIVERY_NOT_FOUND',
    });
    expect(await call('POST', '/api/webhooks/deliveries/nowhere/send')).toMatchObject({
      status: 404,
      code: 'DELIVERY_NOT_FOUND',
    });
  });

  it('has cursors that work for no other list', async () => {
    await submitTo('/one');
    await submitTo('/two');
    const cursors = async () => {
      const tasks = await call<{ next_cursor?: string }>('GET', '/api/pipeline/tasks?limit=1');
      const deliveries = await call<{ cursor?: string }>('GET', '/api/webhooks/deliveries?limit=1');
      return { ofTasks: tasks.next_cursor, ofDeliveries: deliveries.cursor };
    };
    const are = { ofTasks: expect.any(String), ofDeliveries: expect.any(String) };
    await expect.poll(cursors, { timeout: 10_000 }).toEqual(are);
    const { ofTasks, ofDeliveries } = await cursors();

    for (const cursor of [ofTasks, 'bm8', 'MQ', 'ifGaChO2HM37SVkdk1iM3FzH0s', ofDeliveries!.slice(4)]) {
      expect(await call('GET', `/api/webhooks/deliveries?cursor=${cursor}`)).toMatchObject({
        status: 422,
        code: 'INPUT_INVALID',
      });
    }
    expect(await call('GET', `/api/pipeline/tasks?cursor=${ofDeliveries}`)).toMatchObject({ status: 422 });
  });
});

describe('erasing a task', () => {
  it('gives up on undelivered webhooks, and the receipt says so', async () => {
    receiver.answer('/away', 500);
    const { taskId } = await submitTo('/away');
    await receiver.until('/away', 1);
    const receivedAt = Date.now();
    // Its next attempt is 5 s away.
    await expect.poll(() => list(`?task_id=${taskId}&state=pending`), { timeout: 4_000 }).toHaveLength(1);
    const [delivery] = await list(`?task_id=${taskId}`);
    const workflowId = toDeliveryWorkflowId(delivery!.id);

    const receipt = await call<EraseReceipt>('DELETE', `/api/pipeline/tasks/${taskId}`);

    expect(receipt.erased).toContainEqual({
      kind: 'execution',
      name: expect.stringMatching(`^${workflowId} \\(run [0-9a-f-]+, terminated\\)$`),
      erased_at: expect.any(String),
    });
    // Temporal takes a minute to forget what was deleted, and longer on a busy machine.
    await expect.poll(() => list(`?task_id=${taskId}`), { timeout: 150_000, interval: 1_000 }).toEqual([]);
    await expect(server.client.workflow.getHandle(workflowId).describe()).rejects.toThrow();
    // A terminated one makes no attempt any more.
    await sleep(Math.max(0, receivedAt + 6_000 - Date.now()));
    expect(receiver.at('/away')).toHaveLength(1);
  }, 200_000);

  it('deletes the messages of a task with webhooks for each stage', async () => {
    const { taskId } = await submitTo('/each', ALL_EVENTS);
    await expect
      .poll(() => list(`?task_id=${taskId}&state=delivered&limit=100`), { timeout: 10_000 })
      .not.toEqual([]);
    const ids = (await list(`?task_id=${taskId}&limit=100`)).map(({ id }) => id);

    const { erased } = await call<EraseReceipt>('DELETE', `/api/pipeline/tasks/${taskId}`);

    const names = erased.map(({ name }) => name.split(' ')[0]);
    expect(names).toEqual(expect.arrayContaining(ids.map(toDeliveryWorkflowId)));
  });
});

describe('a rotated secret', () => {
  it('signs together with the new one until it expires', async () => {
    const secretsOf = async (path: string, method = 'GET', body?: object) => {
      const { secrets } = await call<{ secrets: Array<{ secret: string }> }>(method, path, body);
      return secrets.map(({ secret }) => secret);
    };
    const [old] = await secretsOf('/api/webhooks/secrets');
    const both = await secretsOf('/api/webhooks/secrets/rotate', 'POST', { overlap_s: 3600 });
    expect(both).toEqual([expect.stringMatching(/^whsec_/), old]);

    await (await deliver('/rotating')).handle.result();
    const [during] = receiver.at('/rotating');
    for (const secret of both) new Webhook(secret).verify(during!.text, during!.headers);
    expect(during!.headers['webhook-signature']!.split(' ')).toHaveLength(2);

    const [newest, ...rest] = await secretsOf('/api/webhooks/secrets/rotate', 'POST', { overlap_s: 0 });
    expect(rest).toEqual([]);
    await (await deliver('/rotated')).handle.result();
    const [after] = receiver.at('/rotated');
    new Webhook(newest!).verify(after!.text, after!.headers);
    for (const secret of both) {
      expect(() => new Webhook(secret).verify(after!.text, after!.headers)).toThrow('No matching signature');
    }
  });
});

describe('limelight webhooks', () => {
  it('lists deliveries with their attempts, and sends one again', async () => {
    receiver.answer('/shown', 404);
    const { id, handle } = await deliver('/shown', { timeScale: 1e-6 });
    await handle.result();
    const { env } = server;

    await expect
      .poll(async () => (await runHere(['webhooks', 'list'], env)).printed, { timeout: 10_000 })
      .toMatch(new RegExp(`^${id} .*delivered +task.completed +2 +200 .*/shown$`, 'm'));
    expect((await runHere(['webhooks', 'list', '--failed', '--key', 'nobody'], env)).said).toContain(
      'No webhooks match',
    );
    expect(await runHere(['webhooks', 'send', id], env)).toMatchObject({ code: 0 });
    await receiver.until('/shown', 3);
    expect(await runHere(['webhooks', 'send', 'msg_none'], env)).toMatchObject({ code: 5 });
  });
});

type History = Awaited<ReturnType<ReturnType<TestServer['client']['workflow']['getHandle']>['fetchHistory']>>;

/** Seconds of each timer, in their order. */
function timersOf({ events }: History): number[] {
  return (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? [Number(timer.startToFireTimeout?.seconds)] : [],
  );
}

function countTimers(history: History): number {
  return timersOf(history).length;
}
