import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { pickHiddenAddress, startWebUiProxy } from '../../src/cli/stack/web-ui-proxy.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { fileResources } from '../harness/file-resources.ts';

const resources = fileResources();
const dir = await mkdtemp(join(tmpdir(), 'limelight-web-ui-'));
resources.defer(() => rm(dir, { recursive: true, force: true }));
const ui = { host: pickHiddenAddress(), port: await freePort() };
const [port, uiPort] = [await freePort(), await freePort()];
const server = resources.use(
  await startDevServer({ binary: findTemporalBinary(process.env), dir, port, ui }),
);
resources.use(await startWebUiProxy(uiPort, ui));

const WORKFLOWS = '/api/v1/namespaces/default/workflows';

/** `fetch` does not send another `Host`. */
async function get(
  port: number,
  path: string,
  { host = `127.0.0.1:${port}`, method = 'GET', ...headers }: Record<string, string> = {},
) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: { host, ...headers } },
      async (answer) => {
        resolve({ status: answer.statusCode!, body: await text(answer) });
      },
    );
    sent.setTimeout(5_000, () => sent.destroy(new Error('No answer')));
    sent.once('error', reject);
    sent.end();
  });
}

/** Ports of 127.0.0.1, or of every address, on which a process listens. */
function listeningPorts(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8').trim().split('\n').slice(1),
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state, , , , , , inode]) => {
      const isHere = /^(0100007F|0+):/.test(local!) || /^0{24}0100007F:/.test(local!);
      return state === '0A' && isHere && inodes.has(inode!);
    })
    .map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
}

describe('the embedded Web UI', () => {
  it('answers under the names of this machine', async () => {
    for (const host of [`127.0.0.1:${uiPort}`, `localhost:${uiPort}`]) {
      await expect
        .poll(async () => (await get(uiPort, WORKFLOWS, { host })).status, { timeout: 10_000 })
        .toBe(200);
      expect((await get(uiPort, '/namespaces/default/workflows', { host })).body).toContain('sveltekit');
    }
  });

  it.each(['evil.example', `evil.example:${uiPort}`, '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'refuses a page that has the name "%s" point to this machine',
    async (host) => {
      for (const path of ['/', WORKFLOWS, '/api/v1/settings']) {
        expect((await get(uiPort, path, { host })).status).toBe(403);
      }
    },
  );

  it('refuses requests of pages of other ports', async () => {
    const path = `${WORKFLOWS}/some/terminate`;

    for (const origin of ['http://127.0.0.1:1', 'http://evil.example', 'null']) {
      expect((await get(uiPort, path, { method: 'POST', origin })).status).toBe(403);
    }
  });

  it('has no other port at 127.0.0.1 that answers such a page', async () => {
    const ports = listeningPorts(server.process.pid!);
    expect(ports).toContain(port);

    for (const one of ports) {
      const answer = await get(one, WORKFLOWS, { host: `evil.example:${one}` }).catch(() => undefined);
      expect(answer?.status ?? 0, `port ${one} answers ${answer?.body}`).not.toBe(200);
    }
  });
});
