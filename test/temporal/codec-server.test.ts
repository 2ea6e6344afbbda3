import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startCodecServer } from '../../src/temporal/codec-server.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { newPayloadKey, openTestNamespace } from '../harness/temporal-server.ts';

const WEB_UI = 'http://127.0.0.1:8233';
const SECRET = 'limelight_admin';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const codec = createPayloadCodec(server.payloadKeys);
const allowed = new Set([SECRET]);
const { url } = resources.use(
  await startCodecServer({
    codec,
    isAllowed: async (secret) => allowed.has(secret),
    origin: WEB_UI,
    host: '127.0.0.1',
    port: 0,
  }),
);

const { Payloads } = proto.temporal.api.common.v1;
const toJson = (payloads: proto.temporal.api.common.v1.IPayload[]) =>
  JSON.stringify(Payloads.toObject(Payloads.fromObject({ payloads }), { bytes: String }));
const plain = [defaultPayloadConverter.toPayload({ name: 'Anna' })!, defaultPayloadConverter.toPayload(7)!];
const encrypted = await codec.encode(plain);

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
const bearer = { Authorization: `Bearer ${SECRET}` };

describe('the codec server', () => {
  it('decodes and encodes for a key', async () => {
    const decoded = await post('/decode?preserveStorageRefs=true', toJson(encrypted), bearer);
    expect(await decoded.json()).toEqual(JSON.parse(toJson(plain)));

    const encoded = Payloads.fromObject(
      (await (await post('/encode', toJson(plain), bearer)).json()) as object,
    );
    const read = await codec.decode(encoded.payloads);
    expect(read.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual([
      { name: 'Anna' },
      7,
    ]);
  });

  it.each([
    ['no key', {}, 401],
    ['an unknown key', { Authorization: 'Bearer guessed' }, 401],
    ['a cookie that it did not set', { Cookie: 'limelight-codec=guessed' }, 401],
  ])('gives nothing to %s', async (_, headers, status) => {
    const answer = await post('/decode', toJson(encrypted), headers);

    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('Anna');
  });

  it('lets a browser sign in, until the key is revoked', async () => {
    const signIn = (key: string) => post('/', new URLSearchParams({ key }).toString());
    expect((await signIn('guessed')).status).toBe(401);
    const signedIn = await signIn(SECRET);
    const [set] = signedIn.headers.getSetCookie();
    const Cookie = set!.split(';')[0]!;

    expect(set).toMatch(/; HttpOnly; SameSite=Strict; /);
    expect(set).not.toContain(SECRET);
    expect((await post('/decode', toJson(encrypted), { Cookie })).status).toBe(200);
    allowed.delete(SECRET);
    expect((await post('/decode', toJson(encrypted), { Cookie })).status).toBe(401);
    allowed.add(SECRET);
  });

  it('answers pages of the Web UI only', async () => {
    const preflight = (Origin: string) =>
      fetch(`${url}/decode`, {
        method: 'OPTIONS',
        headers: {
          Origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'x-namespace',
        },
      });
    const own = await preflight(WEB_UI);
    expect(own.status).toBe(204);
    expect(own.headers.get('access-control-allow-origin')).toBe(WEB_UI);
    expect(own.headers.get('access-control-allow-credentials')).toBe('true');
    expect(own.headers.get('access-control-allow-headers')).toContain('x-namespace');

    for (const origin of ['http://127.0.0.1:8234', 'http://evil.example', 'null']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      const answer = await post('/decode', toJson(encrypted), { ...bearer, Origin: origin });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    ['no JSON', 'payloads', 400, /Expected JSON/],
    ['JSON that is no object', '3', 400, /Expected JSON/],
    ['payloads that are none', '{"payloads":[3]}', 400, /Expected JSON/],
    ['too much', 'x'.repeat(8_000_001), 413, /at most 8 MB/],
  ])('refuses %s', async (_, body, status, message) => {
    const answer = await post('/decode', body, bearer);

    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(message);
  });

  it('names the key of a payload that it cannot decode', async () => {
    const foreign = await createPayloadCodec([newPayloadKey()]).encode(plain);
    const answer = await post('/decode', toJson(foreign), bearer);

    expect(answer.status).toBe(500);
    expect(await answer.text()).toMatch(
      /the key [0-9a-f]{16} encrypted, which is not in TEMPORAL_PAYLOAD_KEYS/,
    );
  });

  it('serves Temporal’s own CLI', async () => {
    await using harness = await createHarness(server);
    const { handle } = await harness.run({}, { job: { name: 'name-of-the-task' } });
    const show = async (...flags: string[]) => {
      const { stdout } = await promisify(execFile)(
        findTemporalBinary(process.env),
        [
          ...['workflow', 'show', '--workflow-id', handle.workflowId, '--output', 'json'],
          ...['--address', server.address, '--namespace', server.namespace, ...flags],
        ],
        { maxBuffer: 1e8 },
      );
      return Buffer.from(stdout).toString();
    };
    const readable = (json: string) =>
      json.includes('name-of-the-task') ||
      json.includes(Buffer.from('"name-of-the-task"').toString('base64'));

    expect(readable(await show())).toBe(false);
    expect(readable(await show('--codec-endpoint', url, '--codec-auth', `Bearer ${SECRET}`))).toBe(true);
    // It tries for some seconds.
    await expect(show('--codec-endpoint', url)).rejects.toThrow('context deadline exceeded');
  }, 60_000);
});
