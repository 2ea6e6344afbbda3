import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';

/** A server that says everything back, behind a proxy. */
async function startEcho(): Promise<TcpProxy> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]();
    server.close();
  });
  return proxy;
}

function dial(proxy: TcpProxy): { socket: Socket; received(): string; closed: Promise<string> } {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
  });
  const closed = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('close', () => resolve('closed'));
  });
  return { socket, received: () => text, closed };
}

it('passes everything on, and closes each side as the other does', async () => {
  const { socket, received, closed } = dial(await startEcho());
  const long = 'a'.repeat(1_000_000);

  socket.end(long);

  expect(await closed).toBe('closed');
  expect(received()).toBe(long);
});

it('cuts open connections and new ones until it is open again', async () => {
  const proxy = await startEcho();
  const before = dial(proxy);
  before.socket.write('one');
  await expect.poll(before.received).toBe('one');

  proxy.set('cut');
  expect(await before.closed).toBe('ECONNRESET');
  const during = dial(proxy);
  during.socket.write('two');
  expect(await during.closed).toMatch(/ECONNRESET|closed/);
  expect(during.received()).toBe('');

  proxy.set('open');
  const after = dial(proxy);
  after.socket.write('three');
  await expect.poll(after.received).toBe('three');
});

it('holds everything back while it is silent, and delivers it then', async () => {
  const proxy = await startEcho();
  const before = dial(proxy);
  before.socket.write('one');
  await expect.poll(before.received).toBe('one');

  proxy.set('silent');
  before.socket.write(' two');
  const during = dial(proxy);
  during.socket.write('three');
  await sleep(300);
  expect([before.received(), during.received()]).toEqual(['one', '']);

  proxy.set('open');
  await expect.poll(before.received).toBe('one two');
  await expect.poll(during.received).toBe('three');
});

it('delivers each piece late while it is slow', async () => {
  const proxy = await startEcho();
  proxy.set(200);
  const { socket, received } = dial(proxy);
  const startedAt = performance.now();

  socket.write('one');

  await expect.poll(received, { interval: 5 }).toBe('one');
  // There and back.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395);
});
