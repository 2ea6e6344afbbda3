import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { jobForm } from '../harness/api/job-form-data.ts';
import { openRawConnection, type RawConnection, toHead } from '../harness/api/raw-connection.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline({
  access: { concurrency: { uploads: 2, streams: 2, waiters: 1 } },
});
const secrets = {
  busy: await api.keys.create('busy', ['submit', 'read']),
  calm: await api.keys.create('calm', ['submit', 'read']),
  urgent: await api.keys.create('urgent', ['submit', 'priority']),
  prometheus: await api.keys.create('prometheus', ['metrics']),
  boss: await api.keys.create('boss', ['admin']),
};
type Name = keyof typeof secrets;

const headers = (name: Name) => ({ Authorization: `Bearer ${secrets[name]}` });
const ask = (name: Name, path: string) => fetch(`${api.url}${path}`, { headers: headers(name) });

/** A request of a key whose connection stays open. */
function hold(name: Name, method: string, path: string, more: Record<string, string> = {}): RawConnection {
  const connection = openRawConnection(api.url);
  connection.socket.write(toHead(method, path, { ...headers(name), ...more }));
  return connection;
}

const EXCEEDED = { code: 'QUOTA_EXCEEDED', status: 429 };

describe('uploads of a key', () => {
  const UPLOAD = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': '5000' };

  it('are limited at once, those of one task too, and others are not affected', async () => {
    const taskId = randomUUID();
    const upload = (name: Name) => hold(name, 'PUT', `/api/pipeline/tasks/${taskId}`, UPLOAD);
    using first = upload('busy');
    using second = upload('busy');
    using third = upload('busy');

    await expect
      .poll(() => [first, second, third].map(({ received }) => received().slice(9, 12)).sort())
      .toEqual(['', '', '429']);
    const refused = await submit(api, { headers: headers('busy') });
    expect(refused).toMatchObject({ status: 429, body: EXCEEDED });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect((await submit(api, { headers: headers('calm') })).status).toBe(202);

    for (const one of [first, second, third]) one.socket.destroy();
    await expect.poll(async () => (await submit(api, { headers: headers('busy') })).status).toBe(202);
  });

  it('count photos for a preview too', async () => {
    using first = hold('busy', 'POST', '/api/pipeline/previews', UPLOAD);
    using second = hold('busy', 'POST', '/api/pipeline/previews', UPLOAD);
    // Each has a folder once it is received.
    await expect.poll(async () => (await readdir(join(api.root, '.scratch'))).length).toBe(2);

    expect((await submit(api, { headers: headers('busy') })).status).toBe(429);
    for (const one of [first, second]) one.socket.destroy();
    await expect.poll(async () => (await submit(api, { headers: headers('busy') })).status).toBe(202);
  });

  it('count each with its bytes, and one of unknown length as the longest', async () => {
    const tight = await api.keys.create('tight', ['submit'], { bytes_in_flight: 90_000_000 });
    const authorization = { Authorization: `Bearer ${tight}` };
    const form = await new Response(jobForm()).blob();
    const send = (body: Blob | ReadableStream) =>
      fetch(`${api.url}/api/pipeline/generate`, {
        method: 'POST',
        headers: { ...authorization, 'Content-Type': form.type },
        body,
        duplex: 'half',
      } as RequestInit);

    expect((await send(form)).status).toBe(202);
    const unknown = await send(form.stream());
    expect([unknown.status, await unknown.json()]).toEqual([429, expect.objectContaining(EXCEEDED)]);

    const taskId = randomUUID();
    using first = openRawConnection(api.url);
    using second = openRawConnection(api.url);
    for (const { socket } of [first, second]) {
      socket.write(
        toHead('PUT', `/api/pipeline/tasks/${taskId}`, {
          ...authorization,
          ...UPLOAD,
          'Content-Length': '60000000',
        }),
      );
    }
    await expect
      .poll(() => [first, second].map(({ received }) => received().slice(9, 12)).sort())
      .toEqual(['', '429']);
  });
});

describe('streams of a key', () => {
  it('are limited, over every route that has them, until their readers leave', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api, { headers: headers('busy') });
    // Tasks of earlier tests may be held too.
    const running = async () => (await api.jobs.describe(taskId)).activities.map(({ name }) => name);
    await expect.poll(running, { timeout: 20_000 }).toContain('renderTalk');
    const events = `/api/pipeline/progress/${taskId}/events`;
    const socket = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    };
    using first = hold('busy', 'GET', events);
    using second = hold('busy', 'GET', `/api/pipeline/progress/${taskId}`, socket);
    await expect.poll(first.received).toContain('event-stream');
    await expect.poll(second.received).toContain('101 Switching Protocols');

    for (const path of [events, `/api/pipeline/progress?tasks=${taskId}`]) {
      const refused = await ask('busy', path);
      expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining(EXCEEDED)]);
    }
    using third = hold('busy', 'GET', `/api/pipeline/progress/${taskId}`, socket);
    await expect.poll(third.received).toMatch(/^HTTP\/1\.1 429 /);

    first.socket.destroy();
    second.socket.destroy();
    await expect.poll(() => api.hub.readers).toBe(0);
    // HEAD opens none.
    for (let count = 0; count < 4; count += 1) {
      const { status } = await fetch(api.url + events, { method: 'HEAD', headers: headers('busy') });
      expect(status).toBe(200);
    }
    held.release();
    expect(await (await ask('busy', events)).text()).toContain('"stage":"COMPLETED"');
  });

  it('include downloads that the client does not read', async () => {
    const { taskId } = await submit(api, { headers: headers('busy'), waitS: 30 });
    await api.store.put(taskKeys(taskId).video, Buffer.alloc(20_000_000));
    const path = `/api/pipeline/tasks/${taskId}/video`;
    using first = hold('busy', 'GET', path);
    using second = hold('busy', 'GET', path);
    for (const { socket } of [first, second]) socket.pause();

    await expect.poll(async () => (await ask('busy', path)).status).toBe(429);
    expect((await fetch(api.url + path, { method: 'HEAD', headers: headers('busy') })).status).toBe(200);

    for (const { socket } of [first, second]) socket.destroy();
    for (let count = 0; count < 4; count += 1) {
      await expect.poll(async () => (await (await ask('busy', path)).bytes()).length).toBe(20_000_000);
    }
  });

  it('behind its links are counted for it, apart from its own', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api, { headers: headers('busy') });
    const made = await fetch(`${api.url}/api/pipeline/tasks/${taskId}/links`, {
      method: 'POST',
      headers: { ...headers('busy'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'events' }),
    });
    const { url } = (await made.json()) as { url: string };
    using first = openRawConnection(api.url);
    using second = openRawConnection(api.url);
    for (const { socket } of [first, second]) socket.write(toHead('GET', url));
    await expect.poll(first.received).toContain('event-stream');
    await expect.poll(second.received).toContain('event-stream');

    const refused = await fetch(api.url + url);
    expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining(EXCEEDED)]);
    using own = hold('busy', 'GET', `/api/pipeline/progress/${taskId}/events`);
    await expect.poll(own.received).toContain('event-stream');
    held.release();
  });
});

describe('waiting requests of a key', () => {
  it('are limited, for the start of a task and for its end', async () => {
    using lookUp = vi.spyOn(api.jobs, 'describe');
    using first = hold('busy', 'GET', `/api/pipeline/progress/${randomUUID()}/events?wait=60`);
    await expect.poll(() => lookUp.mock.calls.length).toBeGreaterThan(0);
    const wait = () => ask('busy', `/api/pipeline/progress/${randomUUID()}/events?wait=1`);
    expect((await wait()).status).toBe(429);

    const submitted = await submit(api, { headers: headers('busy'), waitS: 30 });
    expect(submitted).toMatchObject({ status: 429, body: EXCEEDED });
    expect((await submit(api, { headers: headers('calm'), waitS: 30 })).status).toBe(200);

    first.socket.destroy();
    await expect.poll(async () => (await wait()).status).toBe(404);
  });

  it('get the events of a task as soon as it is submitted', async () => {
    const taskId = randomUUID();
    using waiting = hold('busy', 'GET', `/api/pipeline/progress/${taskId}/events?wait=30`);
    // The server polls once a second, so the task is submitted between two polls.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await submit(api, { taskId, headers: headers('busy') });

    await expect.poll(waiting.received, { timeout: 500, interval: 10 }).toContain('event-stream');
  });
});

describe('the scope priority', () => {
  it('is needed to overtake the tasks of others', async () => {
    const send = (name: Name, priority: string) =>
      submit(api, { headers: headers(name), fields: { priority } });

    for (const priority of ['1', '2']) {
      const refused = await send('busy', priority);
      expect(refused).toMatchObject({ status: 403, body: { code: 'KEY_SCOPE_MISSING' } });
      expect(refused.body.detail).toContain('the scope priority');
      expect((await send('urgent', priority)).status).toBe(202);
      expect((await send('boss', priority)).status).toBe(202);
    }
    for (const priority of ['3', '4', '5']) expect((await send('busy', priority)).status).toBe(202);
  });
});

describe('the scope metrics', () => {
  it('opens the metrics and nothing else', async () => {
    const metrics = await ask('prometheus', '/metrics');
    expect([metrics.status, await metrics.text()]).toEqual([200, expect.stringContaining('limelight_')]);
    expect((await ask('boss', '/metrics')).status).toBe(200);
    for (const name of ['busy', 'urgent'] as const) expect((await ask(name, '/metrics')).status).toBe(403);

    const paths = api.app.routes
      .filter(({ method, path }) => method === 'GET' && path.startsWith('/api/') && path !== '/api/info')
      .map(({ path }) => path.replaceAll(/:\w+(\{[^}]*\})?/g, randomUUID()));
    expect(paths.length).toBeGreaterThan(20);
    for (const path of [...new Set(paths), '/health']) {
      expect([path, (await ask('prometheus', path)).status]).toEqual([path, 403]);
    }
  });
});
