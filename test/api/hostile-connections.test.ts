import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { openRawConnection, toHead } from '../harness/api/raw-connection.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline({ commentIntervalMs: 50 });

/** Counts how often a task is looked up, which clients that wait for one cause all the time. */
function countLookups() {
  const spy = vi.spyOn(api.jobs, 'describe');
  const now = () => spy.mock.calls.length;
  return {
    now,
    /** How many follow after the clients that left have had time to end. */
    async later(): Promise<number> {
      await sleep(1_500);
      const before = now();
      await sleep(2_500);
      return now() - before;
    },
    [Symbol.dispose]: () => spy.mockRestore(),
  };
}

describe('requests that arrive together on one connection', () => {
  it('are answered one after the other', async () => {
    using connection = openRawConnection(api.url);
    connection.socket.write(
      toHead('GET', '/health/live') + toHead('GET', '/nowhere') + toHead('GET', '/health/live'),
    );

    await expect.poll(() => connection.received().match(/HTTP\/1\.1 \d+/g)).toHaveLength(3);
    expect(connection.received().match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
    ]);
  });

  it('close the connection if they are too many, and most of them never begin', async () => {
    using lookups = countLookups();
    using connection = openRawConnection(api.url);
    connection.socket.write(toHead('GET', `/api/pipeline/status/${randomUUID()}`).repeat(500));

    await connection.closed;
    expect(lookups.now()).toBeLessThanOrEqual(20);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });

  it('end with the connection, those that had to wait too', async () => {
    using connection = openRawConnection(api.url);
    const wait = () => toHead('GET', `/api/pipeline/progress/${randomUUID()}/events?wait=60`);
    using lookups = countLookups();
    connection.socket.write(wait() + wait() + wait());
    await expect.poll(lookups.now).toBeGreaterThan(1);

    connection.socket.destroy();

    expect(await lookups.later()).toBe(0);
  });
});

describe('a client that leaves', () => {
  it.each(['GET', 'HEAD'])('ends %s of the events of a task that it waited for', async (method) => {
    using connection = openRawConnection(api.url);
    using lookups = countLookups();
    connection.socket.write(toHead(method, `/api/pipeline/progress/${randomUUID()}/events?wait=60`));
    await expect.poll(lookups.now).toBeGreaterThan(1);

    connection.socket.destroy();

    expect(await lookups.later()).toBe(0);
  });

  it('ends its event streams, of one task and of several', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    for (const path of [`progress/${taskId}/events`, `progress?tasks=${taskId}`]) {
      using connection = openRawConnection(api.url);
      connection.socket.write(toHead('GET', `/api/pipeline/${path}`));
      await expect.poll(() => connection.received()).toContain('event-stream');
      expect(api.hub.readers).toBe(1);

      connection.socket.destroy();

      await expect.poll(() => api.hub.readers).toBe(0);
    }
    held.release();
  });

  it('ends the wait for the result of its submission', async () => {
    using held = worker.hold('renderTalk');
    const abort = new AbortController();
    const waiting = submit(
      {
        request: (path, init) => fetch(`${api.url}${path}`, { ...init, signal: abort.signal }),
      },
      { waitS: 60 },
    );
    waiting.catch(() => undefined);
    await expect.poll(() => api.hub.readers).toBe(1);

    abort.abort();

    await expect.poll(() => api.hub.readers).toBe(0);
    held.release();
  });
});

describe('invalid HTTP', () => {
  it('is answered with a problem document', async () => {
    using connection = openRawConnection(api.url);
    connection.socket.write('HELO there\r\n\r\n');

    await connection.closed;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(connection.received()).toContain('"code":"REQUEST_MALFORMED"');
  });

  it('behind a request that is being answered closes the connection, and writes nothing into that answer', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    using connection = openRawConnection(api.url);
    connection.socket.write(`${toHead('GET', `/api/pipeline/progress/${taskId}/events`)}HELO there\r\n\r\n`);

    await connection.closed;
    expect(connection.received()).not.toContain('REQUEST_MALFORMED');
    await expect.poll(() => api.hub.readers).toBe(0);
    held.release();
  });
});

describe('a long body', () => {
  it.each([
    ['PUT', `tasks/${randomUUID()}/name`, 'application/json'],
    ['POST', `tasks/${randomUUID()}/links`, 'application/json'],
    ['POST', `tasks/${randomUUID()}/person`, 'application/problem+json'],
    ['POST', `tasks/${randomUUID()}/cancel`, 'text/plain'],
  ])('of %s %s with %s is refused before it is read', async (method, path, type) => {
    const heads: Record<string, string>[] = [
      { 'Content-Length': '1000000000' },
      { 'Transfer-Encoding': 'chunked' },
    ];
    for (const head of heads) {
      using connection = openRawConnection(api.url);
      connection.socket.write(toHead(method, `/api/pipeline/${path}`, { ...head, 'Content-Type': type }));
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
      for (let sent = 0; sent < 6; sent += 1) connection.socket.write(chunk);

      await expect.poll(() => connection.received()).toContain('"code":"UPLOAD_TOO_LARGE"');
      expect(connection.received()).toMatch(/^HTTP\/1\.1 413 /);
    }
  });
});
