import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import type { Scope } from '../../src/contracts/api-key.ts';
import type { ApiKey } from '../../src/contracts/schemas/api-key.ts';
import { hashSecret } from '../../src/storage/api-keys.ts';
import { createKeyring } from '../../src/storage/keyring.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import type { WorkerHealth } from '../../src/workers/lifecycle.ts';
import { mayReadMetrics } from '../../src/workers/run-worker.ts';
import { serveWorkerHttp } from '../../src/workers/worker-http.ts';

const logger = createLogger('test', { level: 'silent' });

async function serve(
  health: () => Promise<WorkerHealth> = async () => ({ isReady: true }),
  mayRead: (authorization: string | undefined) => Promise<boolean> = async () => true,
) {
  const port = await freePort();
  const http = await serveWorkerHttp({
    host: '127.0.0.1',
    port,
    metrics: createMetrics('io'),
    health,
    mayReadMetrics: mayRead,
    logger,
  });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const url = `http://127.0.0.1:${port}`;
  return { http, port, get: (path: string, options?: RequestInit) => fetch(`${url}${path}`, options) };
}

describe('the HTTP server of a worker', () => {
  it('is alive whether or not the worker is ready', async () => {
    const { get } = await serve(async () => ({ isReady: false, reason: 'It does not poll its queues' }));

    expect((await get('/health/live')).status).toBe(200);
    const ready = await get('/health/ready?verbose');
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'down', reason: 'It does not poll its queues' },
    ]);
  });

  it('is ready when the worker is', async () => {
    const ready = await (await serve()).get('/health/ready');

    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('serves metrics in the format of Prometheus', async () => {
    const answer = await (await serve()).get('/metrics');

    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await answer.text()).toContain('limelight_process_info{part="io"');
  });

  it('serves metrics only to keys with the scope metrics, once there are keys', async () => {
    let stored: ApiKey[] = [];
    const keyring = createKeyring({ keys: { list: async () => stored }, maxAgeMs: 0 });
    const { get } = await serve(undefined, (authorization) => mayReadMetrics(keyring, authorization, true));
    const ask = async (authorization?: string) =>
      (await get('/metrics', { headers: authorization ? { Authorization: authorization } : {} })).status;
    expect(await ask()).toBe(200);

    const created_at = '2026-01-01T00:00:00.000Z';
    const toKey = (name: string, ...scopes: Scope[]): ApiKey => ({
      name,
      scopes,
      created_at,
      secrets: [{ sha256: hashSecret(name), created_at }],
    });
    stored = [toKey('prometheus', 'metrics'), toKey('boss', 'admin'), toKey('acme', 'submit', 'read')];
    expect([
      await ask(),
      await ask('Bearer acme'),
      await ask('Bearer guess'),
      await ask('Basic YTpi'),
    ]).toEqual([401, 401, 401, 401]);
    expect([await ask('Bearer prometheus'), await ask('Bearer boss')]).toEqual([200, 200]);
    expect((await get('/health/live')).status).toBe(200);

    stored = [{ ...stored[0]!, revoked_at: created_at }];
    expect(await ask('Bearer prometheus')).toBe(401);
  });

  it('serves no metrics to other machines without keys', async () => {
    const keyring = createKeyring({ keys: { list: async () => [] } });

    expect(await mayReadMetrics(keyring, undefined, false)).toBe(false);
  });

  it('refuses other paths and methods', async () => {
    const { get } = await serve();

    expect((await get('/nowhere')).status).toBe(404);
    const posted = await get('/metrics', { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await get('/health/live', { method: 'HEAD' })).status).toBe(200);
  });

  it('closes the connection of a request that fails, and goes on', async () => {
    const { get } = await serve(() => Promise.reject(new Error('unexpected')));

    await expect(get('/health/ready')).rejects.toThrow('fetch failed');
    expect((await get('/health/live')).status).toBe(200);
  });

  it('does not keep the worker from running if its port is in use', async () => {
    const other = createServer((_, response) => response.end('another program')).listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const http = await serveWorkerHttp({
      host: '127.0.0.1',
      port,
      metrics: createMetrics('io'),
      health: async () => ({ isReady: true }),
      mayReadMetrics: async () => true,
      logger,
    });
    await http[Symbol.asyncDispose]();

    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('another program');
  });

  it('ends open connections when it is disposed', async () => {
    const asked = Promise.withResolvers<void>();
    const { http, get } = await serve(() => {
      asked.resolve();
      return new Promise(() => {});
    });
    const waiting = get('/health/ready');
    waiting.catch(() => undefined);
    await asked.promise;

    await http[Symbol.asyncDispose]();

    await expect(waiting).rejects.toThrow('fetch failed');
  });
});
