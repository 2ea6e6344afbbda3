import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockAgent } from 'undici';
import { expect, it } from 'vitest';
import { createMp4Writer } from '../../../emulators/d-id/mp4-writer.ts';
import { API_KEY, dIdAt } from '../../harness/d-id-at.ts';
import { toRemoteTalkMaker, videoProviderSuite } from '../../suites/video-provider.ts';

const API = 'https://api.d-id.example';
const BUCKET = 'https://d-id-results.s3.example';

/** D-ID as published: its answers are the examples of its specification. */
async function mockDId() {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const api = agent.get(API);
  const created: string[] = [];
  const json = { headers: { 'content-type': 'application/json' } };
  api
    .intercept({ path: '/images', method: 'POST' })
    .reply(
      201,
      () => {
        const faces = created.length === 0 ? [{ size: 10, top_left: [-5, 3], overlap: 'NO' }] : [];
        return { url: 's3://bucket/users/1/img.png', id: 'img_1', faces };
      },
      json,
    )
    .persist();
  api.intercept({ path: '/images/img_1', method: 'DELETE' }).reply(204).persist();
  api
    .intercept({ path: '/audios', method: 'POST' })
    .reply(201, { url: 's3://bucket/users/1/voice.wav', id: 'aud_1', duration: 1, surprise: {} }, json)
    .persist();
  api
    .intercept({ path: '/talks', method: 'POST' })
    .reply(
      201,
      ({ body }) => {
        created.push(JSON.parse(String(body)).user_data);
        return {
          id: 'tlk_1',
          object: 'talk',
          created_at: '2020-09-03T13:56:54.995',
          created_by: '1',
          status: 'created',
        };
      },
      json,
    )
    .persist();
  const talk = () => ({
    id: 'tlk_1',
    user_id: '1',
    source_url: 's3://bucket/users/1/img.png',
    created_at: '2020-09-03T13:56:54.995',
    modified_at: '2020-09-03T13:56:59.995',
    status: 'done',
    result_url: `${BUCKET}/tlk_1.mp4?X-Amz-Signature=1`,
    user_data: created[0],
  });
  api
    .intercept({ path: '/talks', query: { limit: '100' }, method: 'GET' })
    .reply(200, () => ({ talks: created.length > 0 ? [talk()] : [] }), json)
    .persist();
  api.intercept({ path: '/talks/tlk_1', method: 'GET' }).reply(200, talk, json).persist();
  agent
    .get(BUCKET)
    .intercept({ path: '/tlk_1.mp4', query: { 'X-Amz-Signature': '1' }, method: 'GET' })
    .reply(200, await makeVideo(), { headers: { 'content-type': 'video/mp4' } })
    .persist();
  return { agent, created };
}

async function makeVideo(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-mock-'));
  const path = join(folder, 'video.mp4');
  const sound = { sampleRateHz: 16_000, channels: 1, samples: 16_000 };
  await using writer = await createMp4Writer(path, {
    widthPx: 256,
    heightPx: 256,
    framesPerS: 25,
    frames: 25,
    sound,
  });
  for (let frame = 0; frame < 25; frame += 1) {
    await writer.addFrame(new Uint8Array(256 * 256 * 4).fill(frame));
    await writer.addSound([new Float32Array(640)]);
  }
  await writer.finish();
  const video = await readFile(path);
  await rm(folder, { recursive: true });
  return video;
}

videoProviderSuite("D-ID over undici's MockAgent", async () => {
  const { agent } = await mockDId();
  return toRemoteTalkMaker(dIdAt({ url: API, dispatcher: agent }), {
    [Symbol.asyncDispose]: () => agent.close(),
  });
});

it('sends the key as it was issued, and follows no result over plain HTTP', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const seen: string[] = [];
  const api = agent.get(API);
  api.intercept({ path: '/credits', method: 'GET' }).reply(200, ({ headers }) => {
    seen.push(JSON.stringify(headers));
    return { remaining: 3, total: 20, credits: [] };
  });
  const talk = { id: 't', status: 'done', created_at: '', result_url: 'http://evil.example/x.mp4' };
  api.intercept({ path: '/talks/t', method: 'GET' }).reply(200, talk);
  const dId = dIdAt({ url: API, dispatcher: agent });

  expect(await dId.readCredits()).toMatchObject({ remaining: 3, total: 20 });
  expect(seen[0]).toContain(`Basic ${API_KEY}`);
  await expect(
    dId.download('t', join(tmpdir(), 'never.mp4'), new AbortController().signal),
  ).rejects.toMatchObject({
    code: 'PROVIDER_RESPONSE_INVALID',
  });
  await agent.close();
});

it('downloads from a new URL if D-ID signs one after the first has expired', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const video = await makeVideo();
  const urls = [1, 4_000_000_000].map((expires) => `${BUCKET}/tlk_1.mp4?Expires=${expires}`);
  for (const result_url of urls) {
    agent
      .get(API)
      .intercept({ path: '/talks/tlk_1', method: 'GET' })
      .reply(200, { id: 'tlk_1', status: 'done', result_url });
  }
  const bucket = agent.get(BUCKET);
  bucket
    .intercept({ path: '/tlk_1.mp4', query: { Expires: '1' }, method: 'GET' })
    .reply(403, '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
  bucket.intercept({ path: '/tlk_1.mp4', query: { Expires: '4000000000' }, method: 'GET' }).reply(200, video);
  const folder = await mkdtemp(join(tmpdir(), 'limelight-mock-'));
  const path = join(folder, 'video.mp4');

  await dIdAt({ url: API, dispatcher: agent }).download('tlk_1', path, new AbortController().signal);

  expect((await readFile(path)).equals(video)).toBe(true);
  agent.assertNoPendingInterceptors();
  await rm(folder, { recursive: true });
  await agent.close();
});

it.each(['not found', '{"message":"Not Found"}'])(
  'takes 404 without a reason of its own for a wrong address, not for an empty account: %s',
  async (body) => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent.get(API).intercept({ path: '/credits', method: 'GET' }).reply(404, body);

    await expect(dIdAt({ url: API, dispatcher: agent }).readCredits()).rejects.toMatchObject({
      code: 'PROVIDER_RESPONSE_INVALID',
      message: expect.stringContaining('D_ID_API_URL'),
    });
    await agent.close();
  },
);
