import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { openRawConnection, toHead } from '../harness/api/raw-connection.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline({ commentIntervalMs: 50 });

const KEY = Buffer.alloc(16).toString('base64');

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': KEY,
};

/** Sends a handshake with the given headers and collects what comes back. */
function shake(path: string, headers: Record<string, string> = {}) {
  const { socket, received } = openRawConnection(api.url);
  socket.write(toHead('GET', path, { ...HANDSHAKE, ...headers }), 'latin1');
  return { socket, text: received };
}

async function submitHeld() {
  const held = worker.hold('renderTalk');
  const { taskId } = await submit(api);
  await expect.poll(() => held.reached(), { timeout: 20_000 }).toBe(1);
  return { taskId, [Symbol.dispose]: held.release };
}

describe('an upgrade request', () => {
  it.each([
    ['Host', 'a:b@x'],
    ['Host', 'localhost:99999'],
    ['Host', '[::'],
    ['Host', 'localhost/%'],
    ['Sec-WebSocket-Key', 'short'],
    ['Sec-WebSocket-Version', '1'],
    ['Origin', '\x80\xff'],
    ['Cookie', '\xff'],
  ])('with %s: %s gets an answer, and the server goes on', async (name, value) => {
    const { socket, text } = shake(`/api/pipeline/progress/${randomUUID()}`, { [name]: value });
    await expect.poll(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    socket.destroy();

    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });

  it.each([
    '//evil@x/y',
    '*',
    'http://a:b@x/api/pipeline/progress/1',
    '/%00',
    '/\\..\\x',
    '/api/pipeline/progress/%ff',
  ])('at %s gets an answer, and the server goes on', async (path) => {
    const { socket, text } = shake(path);
    await expect.poll(text).toMatch(/^HTTP\/1\.1 [24]\d\d /);
    socket.destroy();

    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });

  it('at another route is ignored: the response streams, and the reader leaves with its connection', async () => {
    using held = await submitHeld();
    const { socket, text } = shake(`/api/pipeline/progress/${held.taskId}/events`);
    await expect.poll(text).toContain('"stage":"DID_PROCESSING"');
    expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(api.hub.readers).toBe(1);

    socket.destroy();

    await expect.poll(() => api.hub.readers).toBe(0);
  });

  it.each(['h2c', 'websocket, h2c'])('to %s is ignored', async (protocol) => {
    const { socket, text } = shake(`/api/pipeline/progress/${randomUUID()}`, { Upgrade: protocol });
    await expect.poll(text).toContain('"code":"UPGRADE_REQUIRED"');
    socket.destroy();
  });

  it('with a failed handshake leaves no reader behind', async () => {
    using held = await submitHeld();
    const { socket, text } = shake(`/api/pipeline/progress/${held.taskId}`, { 'Sec-WebSocket-Key': 'short' });
    await expect.poll(text).toMatch(/^HTTP\/1\.1 400 /);

    await expect.poll(() => api.hub.readers).toBe(0);
    socket.destroy();
  });

  it('behind a request that is being answered is not taken', async () => {
    using held = await submitHeld();
    const path = `/api/pipeline/progress/${held.taskId}`;
    const { socket, received } = openRawConnection(api.url);
    socket.write(toHead('GET', `${path}/events`) + toHead('GET', path, HANDSHAKE));
    await expect.poll(received).toContain('"stage":"DID_PROCESSING"');

    held[Symbol.dispose]();

    await expect.poll(received).toContain('"code":"UPGRADE_REQUIRED"');
    expect(received()).not.toContain('101 Switching Protocols');
    socket.destroy();
  });

  it('is closed when its client floods the connection', async () => {
    using held = await submitHeld();
    const { socket, text } = shake(`/api/pipeline/progress/${held.taskId}`);
    await expect.poll(text).toContain('"stage":"DID_PROCESSING"');
    const closed = once(socket, 'close');
    const before = text().length;

    // Empty pings with a mask of zeros.
    socket.write(Buffer.alloc(6 * 10_000, Buffer.from([0x89, 0x80, 0, 0, 0, 0])));

    await closed;
    expect(text().length - before).toBeLessThan(5_000);
    await expect.poll(() => api.hub.readers).toBe(0);
  });

  it('stops waiting for a task when its client leaves', async () => {
    using describeTask = vi.spyOn(api.jobs, 'describe');
    const { socket } = shake(`/api/pipeline/progress/${randomUUID()}?wait=60`);
    await expect.poll(() => describeTask.mock.calls.length).toBeGreaterThan(1);

    socket.destroy();
    await once(socket, 'close');

    const settle = () => new Promise((resolve) => setTimeout(resolve, 1_500));
    await settle();
    const calls = describeTask.mock.calls.length;
    await settle();
    expect(describeTask.mock.calls.length).toBe(calls);
  });
});
