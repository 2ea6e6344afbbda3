import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { createPayloadCodec, toKeyId } from '../../src/temporal/payload-codec.ts';
import { MAIN } from '../harness/cli/limelight.ts';
import { runHere } from '../harness/cli/run-here.ts';

const { Payloads } = proto.temporal.api.common.v1;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-codec-server-'));
});
afterAll(() => rm(root, { recursive: true }));

const keys = async (...args: string[]) =>
  (await runHere(['keys', ...args], { STORAGE_ROOT: root })).printed.trim();

it('the codec server decrypts for active keys with the scope admin only, until it is stopped', async () => {
  const [admin, reader] = [
    await keys('create', 'operator', '--scopes', 'admin'),
    await keys('create', 'reader', '--scopes', 'read'),
  ];
  const [newest, older] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64')) as [
    string,
    string,
  ];
  const ring = join(root, 'payload-keys');
  await writeFile(ring, `${newest}\n${older}\n`);
  const args = ['codec-server', '--port', String(await freePort()), '--json'];
  const server = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, STORAGE_ROOT: root, TEMPORAL_PAYLOAD_KEYS_FILE: ring },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const { url, keys: ids } = JSON.parse(line) as { url: string; keys: string[] };
    expect(ids).toEqual([toKeyId(newest), toKeyId(older)]);
    const payloads = await createPayloadCodec([older]).encode([defaultPayloadConverter.toPayload('hidden')!]);
    const body = JSON.stringify(Payloads.toObject(Payloads.fromObject({ payloads }), { bytes: String }));
    const decode = (secret: string) =>
      fetch(`${url}/decode`, { method: 'POST', body, headers: { Authorization: `Bearer ${secret}` } });

    expect(await (await decode(admin)).text()).toContain(Buffer.from('"hidden"').toString('base64'));
    expect((await decode(reader)).status).toBe(401);
    await keys('revoke', 'operator');
    expect((await decode(admin)).status).toBe(401);

    const ended = once(server, 'exit');
    server.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  } finally {
    server.kill('SIGKILL');
  }
});

it('the codec server needs keys to decrypt with', async () => {
  const { code, said } = await runHere(['codec-server'], { STORAGE_ROOT: root, TEMPORAL_PAYLOAD_KEYS: '' });

  expect(code).not.toBe(0);
  expect(said).toContain('TEMPORAL_PAYLOAD_KEYS: expected keys');
});
