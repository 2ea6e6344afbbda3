import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Account, AccountOptions } from '../../emulators/d-id/account.ts';
import { type ErrorAnswer, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { fileResources } from '../harness/file-resources.ts';
import { writeSmallTalkFiles } from '../providers/local/talk-files.ts';

const API_KEY = 'someone:secret';
const NAME = 'a-request.png';

const resources = fileResources();
const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'limelight-emulator-')));
const files = await writeSmallTalkFiles(folder.path, 1);
const webhooks: Talk[] = [];
const receiver = createServer((request, response) => {
  void Array.fromAsync(request).then((chunks) => {
    webhooks.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
});
receiver.listen(0, '127.0.0.1');
await once(receiver, 'listening');
resources.defer(() => void receiver.close());
const { port } = receiver.address() as AddressInfo;
const emulator = resources.use(await startEmulator({ webhookOrigin: `http://127.0.0.1:${port}` }));
let account: Account;

type Talk = Record<string, unknown> & { id: string; status: string };

function open(options: Partial<AccountOptions> = {}) {
  account = emulator.open({ apiKey: API_KEY, talkMs: () => 50, ...options });
}

async function call(method: string, path: string, body?: FormData | object) {
  const isForm = body instanceof FormData;
  const answer = await fetch(`${emulator.url}${path}`, {
    method,
    headers: {
      authorization: `Basic ${API_KEY}`,
      ...(body && !isForm && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : isForm ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function upload(kind: 'image' | 'audio') {
  const [path, name, type] =
    kind === 'image' ? [files.portrait, NAME, 'image/png'] : [files.voice, 'voice.m4a', 'audio/wav'];
  const form = new FormData();
  form.set(kind, new Blob([await readFile(path)], { type }), name);
  return call('POST', `/${kind}s`, form);
}

async function order(more: object = {}) {
  const image = await upload('image');
  const audio = await upload('audio');
  return call('POST', '/talks', {
    source_url: image.body.url,
    script: { type: 'audio', audio_url: audio.body.url },
    user_data: 'a-request',
    ...more,
  });
}

async function finish(more: object = {}): Promise<Talk> {
  const { id } = (await order(more)).body as Talk;
  const read = async () => (await call('GET', `/talks/${id}`)).body as Talk;
  await expect.poll(async () => (await read()).status).toMatch(/done|error|rejected/);
  return read();
}

it('signs the URL of a result once: reads, lists and webhooks show the same', async () => {
  open();
  const talk = await finish({ webhook: 'https://limelight.example/hook' });

  const url = new URL(talk.result_url as string);
  expect(url.pathname).toMatch(/^\/d-id-talks-prod\/google-oauth2%7C\d+\/tlk_\w+\/a-request\.mp4$/);
  expect([...url.searchParams.keys()]).toEqual(['AWSAccessKeyId', 'Expires', 'Signature']);
  const expiresMs = Number(url.searchParams.get('Expires')) * 1000;
  expect(Math.abs(expiresMs - Date.parse(talk.modified_at as string) - 86_400_000)).toBeLessThan(2_000);
  const listed = (await call('GET', '/talks')).body.talks as Talk[];
  expect(listed.map(({ result_url }) => result_url)).toEqual([talk.result_url]);
  expect((await call('GET', `/talks/${talk.id}`)).body.result_url).toBe(talk.result_url);
  await expect.poll(() => webhooks.map(({ status }) => status)).toEqual(['started', 'done']);
  expect(webhooks.at(-1)!.result_url).toBe(talk.result_url);
  expect((await fetch(url)).status).toBe(200);
});

it.each<[string, Partial<AccountOptions>, (url: URL) => void, string]>([
  ['after a day', { resultLifeS: 0 }, () => {}, 'AccessDenied: Request has expired'],
  ['with a later time', {}, (url) => url.searchParams.set('Expires', '4000000000'), 'SignatureDoesNotMatch'],
  [
    'of another file',
    {},
    (url) => Object.assign(url, { pathname: `${url.pathname}.txt` }),
    'SignatureDoesNotMatch',
  ],
])('refuses the URL of a result %s, as S3 does', async (_, options, change, reason) => {
  open(options);
  const url = new URL((await finish()).result_url as string);
  change(url);

  const answer = await fetch(url);

  expect(answer.status).toBe(403);
  expect(answer.headers.get('content-type')).toContain('xml');
  const xml = await answer.text();
  const [code, message] = ['Code', 'Message'].map(
    (name) => new RegExp(`<${name}>(.*)</${name}>`).exec(xml)?.[1],
  );
  expect(`${code}: ${message}`).toContain(reason);
});

it('shows a talk as published payloads do', async () => {
  open({ hasWatermark: true });

  const talk = await finish({ config: { stitch: true } });

  expect(talk).toMatchObject({
    user: { email: expect.stringContaining('@'), plan: expect.any(String), features: expect.any(Array) },
    source_url: expect.stringMatching(/\/tlk_\w+\/source\/a-request\.png\?AWSAccessKeyId=/),
    audio_url: expect.stringMatching(/\/tlk_\w+\/voice\.wav\?AWSAccessKeyId=/),
    started_at: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d+$/),
    pending_url: expect.stringMatching(/^s3:/),
    config: { stitch: true, show_watermark: true, result_format: '.mp4' },
    metadata: { num_faces: 1, resolution: [512, 512] },
    duration: 1,
    user_data: 'a-request',
  });
});

it('names uploads as D-ID does, and converts recordings', async () => {
  open();

  const [image, audio] = [await upload('image'), await upload('audio')];

  expect(image.body.url).toMatch(
    /^s3:\/\/d-id-images-prod\/google-oauth2\|\d+\/img_[\w-]{21}\/a-request\.png$/,
  );
  expect(audio.body.url).toMatch(/^s3:\/\/d-id-audios-prod\/google-oauth2\|\d+\/[\w-]{21}\/voice\.wav$/);
});

it.each<[NonNullable<AccountOptions['shows']>, RegExp]>([
  ['source of the talk', /^http.*\/source\/a-request\.png\?/],
  ['source of the upload', /^s3:.*\/a-request\.png$/],
])('can list talks without user_data, with the %s', async (shows, source) => {
  open({ shows });
  const talk = await finish({ webhook: 'https://limelight.example/hook' });

  const [listed] = (await call('GET', '/talks')).body.talks as Talk[];

  for (const shown of [talk, listed!]) {
    expect(shown).not.toHaveProperty('user_data');
    expect(shown.source_url).toMatch(source);
  }
  await expect
    .poll(() => webhooks.filter(({ id }) => id === talk.id).at(-1))
    .toMatchObject({
      user_data: 'a-request',
    });
});

it.each<[ErrorAnswer, object]>([
  [{ status: 429 }, { message: 'Too Many Requests' }],
  [{ status: 502 }, { message: 'Internal server error' }],
  [{ status: 503 }, { message: 'Service Unavailable' }],
  [{ status: 504 }, { message: 'Endpoint request timed out' }],
  [{ status: 500 }, { kind: 'UnknownError', description: 'Internal Server Error' }],
  [
    { status: 402, error: 'InsufficientCreditsError', description: 'not enough credits' },
    { kind: 'InsufficientCreditsError', description: 'not enough credits' },
  ],
])('answers the fault %j as D-ID or its gateway does', async (fault, body) => {
  open({ faults: scriptedFaults({ readCredits: [{ kind: 'answer', ...fault }] }) });

  expect(await call('GET', '/credits')).toEqual({ status: fault.status, body });
});

it('says what is wrong with a request by field', async () => {
  open();

  expect(await call('POST', '/talks', { source_url: 'https://x/y.png' })).toEqual({
    status: 400,
    body: {
      kind: 'ValidationError',
      description: 'validation failed',
      details: { 'body.script': { message: expect.any(String) } },
    },
  });
});

it('knows no credits of an account that never had any', async () => {
  open({ hasCreditRecord: false });

  expect(await call('GET', '/credits')).toEqual({
    status: 404,
    body: { kind: 'NotFoundError', description: 'not credits found for user' },
  });
});

it.each([
  ['error', true, 10],
  ['error', false, 9],
  ['rejected', true, 9],
] as const)(
  'after a talk with the status "%s" (refunds: %s) has %d of 10 credits',
  async (status, refunds, left) => {
    const faults = scriptedFaults({ talk: [{ kind: 'ends', status, error: 'UnknownError' }] });
    open({ credits: 10, refunds, faults });

    await finish();

    expect(account.credits).toBe(left);
    expect(account.ledger).toEqual([expect.objectContaining({ credits: 1 })]);
    expect(account.ledger[0]!.refundedAt !== undefined).toBe(left === 10);
  },
);

it('cannot read uploads that are too old', async () => {
  open({ uploadLifeS: 0 });

  expect(await order()).toEqual({
    status: 400,
    body: {
      kind: 'BadRequestError',
      description: expect.stringMatching(/^cannot validate s3:\S+ - may be corrupted or does not exist$/),
    },
  });
  expect(account.ledger).toEqual([]);
});

it('can break on one file, each time', async () => {
  open({ breaksOn: ({ name }) => name === NAME });

  for (let time = 0; time < 3; time += 1) {
    expect(await upload('image')).toMatchObject({ status: 500, body: { kind: 'UnknownError' } });
  }
  expect((await upload('audio')).status).toBe(201);
});
