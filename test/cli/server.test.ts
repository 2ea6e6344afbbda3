import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, untilReady } from '../../src/cli/server.ts';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';

const signal = AbortSignal.timeout(60_000);

/** A server that is ready at the given question, and there from the first. */
async function open({ readyAt }: { readyAt: number }) {
  let asked = 0;
  const server = createServer(({ url }, response) => {
    if (url === '/health/ready') asked += 1;
    const isOk = url === '/health/live' || (url === '/health/ready' && asked >= readyAt);
    response.writeHead(isOk ? 200 : 503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return toServer((server.address() as AddressInfo).port);
}

function toServer(port: number) {
  const url = `http://127.0.0.1:${port}`;
  return { url, client: createLimelightClient({ baseUrl: url }) };
}

describe('a command that needs a server', () => {
  it('uses a ready server, and waits for one that is not ready yet', async () => {
    expect(await untilReady(await open({ readyAt: 1 }), signal)).toBe(true);
    expect(await untilReady(await open({ readyAt: 4 }), signal)).toBe(true);
  });

  it('fails at once if no server is running', async () => {
    expect(await untilReady(toServer(await freePort()), signal)).toBe(false);
  });

  it('uses a running server that is not ready for requests that may still succeed', async () => {
    const { url } = await open({ readyAt: Number.POSITIVE_INFINITY });
    const client = await connect({ server: url }, signal);
    expect(await client.isAlive()).toBe(true);
    const nowhere = toServer(await freePort()).url;
    await expect(connect({ server: nowhere }, signal)).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  });

  it('does not replace a server that never becomes ready', async () => {
    const server = await open({ readyAt: Number.POSITIVE_INFINITY });
    await expect(untilReady(server, signal, 600)).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  });
});
