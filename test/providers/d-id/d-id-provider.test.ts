import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import sharp from 'sharp';
import { Agent } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Account, AccountOptions } from '../../../emulators/d-id/account.ts';
import {
  type Call,
  type ErrorAnswer,
  type Fault,
  type FaultScript,
  scriptedFaults,
} from '../../../emulators/d-id/faults.ts';
import { type Emulator, startEmulator } from '../../../emulators/d-id/start-emulator.ts';
import type { ErrorCode } from '../../../src/contracts/error-codes.ts';
import { createWavWriter } from '../../../src/media/audio/wav.ts';
import { checkVideo } from '../../../src/media/decode/check-video.ts';
import type { RemoteVideoProvider } from '../../../src/ports/video-provider.ts';
import { API_KEY, dIdAt } from '../../harness/d-id-at.ts';
import { toRemoteTalkMaker, videoProviderSuite } from '../../suites/video-provider.ts';
import { buzz, writeVoice } from '../local/talk-files.ts';

const REQUEST_ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const PORTRAIT = new URL('../../../samples/portrait.jpg', import.meta.url).pathname;

videoProviderSuite('D-ID over its emulator', async () => {
  const emulator = await startEmulator();
  emulator.open({ apiKey: API_KEY, talkMs: () => 50 });
  const dispatcher = new Agent();
  const resources = new AsyncDisposableStack();
  resources.use(emulator);
  resources.defer(() => dispatcher.close());
  return toRemoteTalkMaker(dIdAt({ url: emulator.url, dispatcher }), resources);
});

describe('D-ID', () => {
  let folder: string;
  let voicePath: string;
  let emulator: Emulator;
  let dispatcher: Agent;
  let account: Account;
  let dId: RemoteVideoProvider;
  let faults: FaultScript;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-d-id-test-'));
    voicePath = await writeVoice(join(folder, 'voice.wav'), buzz(1));
    emulator = await startEmulator();
  });
  afterAll(async () => {
    await emulator?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    dispatcher = new Agent();
    open({});
  });
  afterEach(() => dispatcher.destroy());

  function open(
    options: Partial<AccountOptions>,
    script: Partial<Record<Call, Array<Fault | undefined>>> = {},
  ) {
    faults = scriptedFaults(script);
    account = emulator.open({ apiKey: API_KEY, talkMs: () => 50, faults, ...options });
    dId = dIdAt({ url: emulator.url, dispatcher });
  }

  async function create(requestId = REQUEST_ID) {
    const portrait = await dId.uploadPortrait(PORTRAIT, requestId);
    const voice = await dId.uploadVoice(voicePath);
    return dId.createTalk({ requestId, portraitUrl: portrait.url, voiceUrl: voice.url });
  }

  async function finish(talkId: string) {
    await expect.poll(async () => (await dId.readTalk(talkId)).state, { interval: 20 }).toBe('done');
  }

  describe('limits', () => {
    it.each([
      ['a photo of 12 megapixels', 4000, 3000],
      ['a small photo', 200, 80],
    ])('fits %s', async (_, width, height) => {
      const path = join(folder, `${width}.png`);
      await sharp(PORTRAIT).resize(width, height, { fit: 'fill' }).png({ compressionLevel: 1 }).toFile(path);

      await dId.uploadPortrait(path, REQUEST_ID);

      const [image] = account.images.values();
      const fitted = await sharp(image!.bytes).metadata();
      expect(fitted.width * fitted.height).toBeLessThanOrEqual(10 * 1024 * 1024);
      expect(Math.min(fitted.width, fitted.height)).toBeGreaterThanOrEqual(160);
      expect(image!.bytes.length).toBeLessThanOrEqual(10_000_000);
    });

    it('sends a whole recording of more than 6 MB as AAC', async () => {
      const path = join(folder, 'long.wav');
      await using wav = await createWavWriter(path, { sampleRateHz: 48_000, channels: 2 });
      const second = buzz(2, () => true, 48_000);
      for (let count = 0; count < 40; count += 1) {
        await wav.write(second);
      }
      await wav.finish();
      expect((await stat(path)).size).toBeGreaterThan(7_000_000);
      // Otherwise the emulator works on a large video for half a minute.
      const smallPath = join(folder, 'small.png');
      await sharp(PORTRAIT).resize(200).toFile(smallPath);
      const portrait = await dId.uploadPortrait(smallPath, REQUEST_ID);

      const voice = await dId.uploadVoice(path);
      await dId.createTalk({ requestId: 'long', portraitUrl: portrait.url, voiceUrl: voice.url });

      expect([...account.audios.values()][0]).toMatchObject({ type: 'audio/mp4' });
      expect(account.ledger[0]!.seconds).toBeCloseTo(40, 0);
    });

    it('refuses a recording of more than 10 minutes without sending a byte', async () => {
      const path = join(folder, 'endless.wav');
      const wav = await createWavWriter(path, { sampleRateHz: 8_000, channels: 1 });
      await wav.write(new Float32Array(8_000 * 601));
      await wav.finish();

      await expect(dId.uploadVoice(path)).rejects.toMatchObject({ code: 'AUDIO_TOO_LONG' });

      expect(account.calls).toEqual([]);
    });
  });

  it('does not pay for a portrait without a face, and deletes it at D-ID', async () => {
    const path = join(folder, 'wall.png');
    await sharp({ create: { width: 300, height: 300, channels: 3, background: '#aabbcc' } })
      .png()
      .toFile(path);

    await expect(dId.uploadPortrait(path, REQUEST_ID)).rejects.toMatchObject({ code: 'FACE_NOT_FOUND' });

    expect(account.leftovers).toEqual([]);
    expect(account.ledger).toEqual([]);
  });

  it('retries without stitch if the plan does not include it, and says so', async () => {
    open({ hasStitch: false });

    const { talkId, warnings } = await create();

    expect(account.talks.get(talkId)).toMatchObject({ stitch: false, userData: REQUEST_ID });
    expect(account.ledger).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('only the face')]);
    await finish(talkId);
    expect(await dId.readTalk(talkId)).toMatchObject({ warnings });
  });

  it('says nothing about the face only if that was ordered', async () => {
    const { createTalk, readTalk } = dIdAt({ url: emulator.url, dispatcher, stitch: false });
    const { url: portraitUrl } = await dId.uploadPortrait(PORTRAIT, REQUEST_ID);
    const { url: voiceUrl } = await dId.uploadVoice(voicePath);

    const created = await createTalk({ requestId: REQUEST_ID, portraitUrl, voiceUrl });
    await finish(created.talkId);

    expect(created).not.toHaveProperty('warnings');
    expect(await readTalk(created.talkId)).not.toHaveProperty('warnings');
  });

  it('never drops the framing for another 403', async () => {
    const refused = {
      status: 403,
      error: 'PermissionError',
      description: 'user has no permission for talks',
    };
    open({}, { createTalk: [{ kind: 'answer', ...refused }] });

    await expect(create()).rejects.toMatchObject({ code: 'PROVIDER_UNAUTHORIZED' });

    expect(account.ledger).toEqual([]);
  });

  it('names pictures by their request, within the limits of D-ID', async () => {
    await dId.uploadPortrait(PORTRAIT, REQUEST_ID);

    const [image] = account.images.values();
    expect(image!.name).toBe(`${REQUEST_ID}.jpg`);
    expect(image!.name.length).toBeLessThanOrEqual(50);
  });

  it.each<NonNullable<AccountOptions['shows']>>(['user_data', 'source of the talk', 'source of the upload'])(
    'finds its talk, and no other, by its %s',
    async (shows) => {
      open({ shows });
      const { talkId } = await create();
      await create('00000000-8b86-4011-b42d-00c04fc964ff');

      expect(await dId.findTalk(REQUEST_ID)).toEqual({ talkId });
      expect(await dId.findTalk('11111111-8b86-4011-b42d-00c04fc964ff')).toBeUndefined();
    },
  );

  it('takes an account that never had credits for an empty one', async () => {
    open({ hasCreditRecord: false });

    expect(await dId.readCredits()).toEqual({ remaining: 0, total: 0 });
  });

  it.each([
    ['raw', false],
    ['in base64', true],
  ])('sends the key %s', async (_, encodesKey) => {
    const provider = dIdAt({ url: emulator.url, dispatcher, encodesKey });

    expect(await provider.readCredits()).toMatchObject({ remaining: 1_000_000 });
  });

  it('keeps the key and presigned rights out of every error', async () => {
    const stranger = dIdAt({ url: emulator.url, dispatcher, apiKey: 'nobody:hunter2-secret' });
    const error = await stranger.readCredits().catch((thrown) => thrown);

    expect(error).toMatchObject({ code: 'PROVIDER_UNAUTHORIZED' });
    const told = JSON.stringify([error, error.message, error.stack, error.details, error.cause]);
    expect(told).not.toContain('hunter2');
    const text = JSON.stringify({
      kind: 'BadRequestError',
      description: 'no https://s3/x?X-Amz-Signature=abc1',
    });
    const { toAnswerError } = await import('../../../src/providers/d-id/d-id-error.ts');
    expect(toAnswerError('POST /talks', { status: 400, text }).message).not.toContain('abc1');
    const header = 'nobody:hunter2-secret';
    const gateway = await fetch(`${emulator.url}/credits`, { headers: { authorization: header } });
    const refused = toAnswerError('GET /credits', { status: gateway.status, text: await gateway.text() });
    expect(refused).toMatchObject({
      code: 'PROVIDER_UNAUTHORIZED',
      message: expect.stringContaining('403 it does not understand the Authorization header'),
    });
    expect(inspect(refused)).not.toContain('hunter2');
  });

  describe('a create request with an unknown result', () => {
    it.each<[string, Fault]>([
      ['504 after creating', { kind: 'answer', status: 504, after: true }],
      ['502 after creating', { kind: 'answer', status: 502, after: true }],
      ['a connection reset after the request', { kind: 'reset', after: true }],
      ['an answer that is no JSON', { kind: 'garbage' }],
    ])('is told as such after %s, and its talk is found', async (_, fault) => {
      open({}, { createTalk: [fault] });

      await expect(create()).rejects.toMatchObject({ code: 'PROVIDER_AMBIGUOUS' });

      const found = await dId.findTalk(REQUEST_ID);
      expect(faults.left).toEqual([]);
      expect(account.ledger).toEqual([
        expect.objectContaining({ talkId: found?.talkId, userData: REQUEST_ID }),
      ]);
    });

    it('is told as such if no answer comes, and its talk is found', async () => {
      open({}, { createTalk: [{ kind: 'stall', ms: 60_000 }] });
      const { url: portraitUrl } = await dId.uploadPortrait(PORTRAIT, REQUEST_ID);
      const { url: voiceUrl } = await dId.uploadVoice(voicePath);
      const impatient = new Agent({ headersTimeout: 1_000 });
      onTestFinished(() => impatient.destroy());
      const { createTalk } = dIdAt({ url: emulator.url, dispatcher: impatient });

      const creation = createTalk({ requestId: REQUEST_ID, portraitUrl, voiceUrl });

      await expect(creation).rejects.toMatchObject({ code: 'PROVIDER_AMBIGUOUS' });
      await expect.poll(() => dId.findTalk(REQUEST_ID)).toBeDefined();
      expect(account.ledger).toHaveLength(1);
    });

    it.each<[string, Fault]>([
      ['500', { kind: 'answer', status: 500 }],
      ['408', { kind: 'answer', status: 408, error: 'RequestTimeout' }],
      ['409', { kind: 'answer', status: 409, error: 'ConflictError' }],
      ['a reset before it', { kind: 'reset' }],
    ])('is suspected after %s, and there is no talk', async (_, fault) => {
      open({}, { createTalk: [fault] });

      await expect(create()).rejects.toMatchObject({ code: 'PROVIDER_AMBIGUOUS' });

      expect(faults.left).toEqual([]);
      expect(await dId.findTalk(REQUEST_ID)).toBeUndefined();
    });

    it('is not assumed without a connection', async () => {
      const nobody = dIdAt({ url: 'http://127.0.0.1:9', dispatcher });
      const request = { requestId: REQUEST_ID, portraitUrl: 's3://a/b.png', voiceUrl: 's3://a/b.wav' };

      await expect(nobody.createTalk(request)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    });
  });

  it('finds its talk among hundreds, page by page', async () => {
    const first = await create('the-first');
    const [image] = account.images.values();
    const [audio] = account.audios.values();
    for (let other = 0; other < 205; other += 1) {
      account.talks.set(`tlk_${other}`, {
        ...account.talks.get(first.talkId)!,
        id: `tlk_${other}`,
        userData: `other ${other}`,
        image: image!,
        audio: audio!,
      });
    }

    expect(await dId.findTalk('the-first')).toEqual(first);
    expect(await dId.findTalk('other 204')).toEqual({ talkId: 'tlk_204' });
    expect(await dId.findTalk('nobody')).toBeUndefined();
  });

  it.each<[string, Omit<ErrorAnswer, 'status'> & { retryAfterS?: number }, ErrorCode, string]>([
    ['429', { retryAfterS: 7 }, 'PROVIDER_UNAVAILABLE', 'Too Many Requests'],
    ['425', { error: 'TooEarly' }, 'PROVIDER_UNAVAILABLE', 'TooEarly'],
    ['402', { error: 'InsufficientCreditsError' }, 'PROVIDER_CREDITS_EXHAUSTED', 'InsufficientCreditsError'],
    ['400', { error: 'BadRequestError' }, 'PROVIDER_REFUSED', 'BadRequestError'],
    ['401', { error: 'AuthorizationError' }, 'PROVIDER_UNAUTHORIZED', 'AuthorizationError'],
    ['403', { error: 'PermissionError' }, 'PROVIDER_UNAUTHORIZED', 'PermissionError'],
    ['415', { error: 'UnsupportedMimeTypeError' }, 'PROVIDER_REFUSED', 'UnsupportedMimeTypeError'],
    ['451', { error: 'CelebrityRecognizedError' }, 'PROVIDER_REFUSED', 'CelebrityRecognizedError'],
    ['504', {}, 'PROVIDER_AMBIGUOUS', 'with 504 Endpoint request timed out'],
    ['500', {}, 'PROVIDER_AMBIGUOUS', 'with 500 UnknownError: Internal Server Error'],
    ['400', { error: 'InvalidAudioDurationError' }, 'AUDIO_TOO_LONG', 'Shorten the recording'],
    [
      '400',
      {
        error: 'BadRequestError',
        description: 'cannot validate s3://a/b.png?secret=1 - may be corrupted or does not exist',
      },
      'PROVIDER_UPLOAD_MISSING',
      'cannot validate s3://a/b.png?… - may be corrupted or does not exist',
    ],
    [
      '400',
      {
        error: 'ValidationError',
        description: 'validation failed',
        details: { 'body.script': { message: "'script' is required" } },
      },
      'PROVIDER_REFUSED',
      "ValidationError: validation failed; body.script: 'script' is required. Use another photo",
    ],
  ])('says what %s of a create means: %j', async (status, answer, code, told) => {
    open({}, { createTalk: [{ kind: 'answer', status: Number(status), ...answer }] });

    const error = await create().catch((thrown) => thrown);

    expect(error).toMatchObject({ code, details: { status: Number(status) } });
    expect(error.message).toContain(told);
    expect(error.retryAfterMs).toBe(status === '429' ? 7_000 : undefined);
    expect(faults.left).toEqual([]);
    expect(account.ledger).toEqual([]);
  });

  it.each<[string, Fault, string]>([
    ['FaceError', { kind: 'ends', status: 'error', error: 'FaceError' }, 'FACE_NOT_FOUND'],
    ['SourceError', { kind: 'ends', status: 'error', error: 'SourceError' }, 'PROVIDER_REFUSED'],
    ['DriverError', { kind: 'ends', status: 'error', error: 'DriverError' }, 'PROVIDER_TALK_FAILED'],
    ['UnknownError', { kind: 'ends', status: 'error', error: 'UnknownError' }, 'PROVIDER_TALK_FAILED'],
    [
      'a rejection',
      { kind: 'ends', status: 'rejected', error: 'CelebrityRecognizedError' },
      'PROVIDER_REFUSED',
    ],
    ['a status that nobody knows', { kind: 'unknown status' }, 'PROVIDER_RESPONSE_INVALID'],
  ])('says what %s of a talk means', async (_, fault, code) => {
    open({}, { talk: [fault] });
    const { talkId } = await create();

    const end = async () => {
      for (;;) {
        await dId.readTalk(talkId);
      }
    };

    await expect(end()).rejects.toMatchObject({ code });
    expect(faults.left).toEqual([]);
  });

  it("keeps the account's e-mail address, which is part of every talk, out of errors", async () => {
    open({}, { talk: [{ kind: 'unknown status' }] });
    const { talkId } = await create();
    await expect.poll(() => account.talks.get(talkId)?.status).toBe('unheard-of');

    const error = await dId.readTalk(talkId).catch((thrown) => thrown);

    expect(error).toMatchObject({ code: 'PROVIDER_RESPONSE_INVALID' });
    expect(inspect(error, { depth: null })).not.toContain('owner@example.com');
  });

  describe('download', () => {
    it.each<[string, Fault[]]>([
      ['that is cut, twice', [{ kind: 'cut' }, { kind: 'cut' }]],
      [
        'that is denied at first',
        [{ kind: 'answer', status: 403, error: 'AccessDenied', description: 'Access Denied' }],
      ],
      ['that is slow', [{ kind: 'slow', ms: 400 }]],
      ['that is reset at once', [{ kind: 'reset' }]],
    ])('brings the whole video over a connection %s', async (_, download) => {
      open({}, { download });
      const { talkId } = await create();
      await finish(talkId);
      const path = join(folder, 'downloaded.mp4');

      await dId.download(talkId, path, new AbortController().signal);

      expect(faults.left).toEqual([]);
      expect((await checkVideo(path)).durationS).toBeCloseTo(1, 0);
      expect((await stat(path)).size).toBe((await stat(account.talks.get(talkId)!.result!.path)).size);
    });

    it('resumes an interrupted download', async () => {
      open({}, { download: [{ kind: 'cut' }] });
      const { talkId } = await create();
      await finish(talkId);

      await dId.download(talkId, join(folder, 'resumed.mp4'), new AbortController().signal);

      expect(account.calls.filter(({ call }) => call === 'download').map(({ status }) => status)).toEqual([
        200, 206,
      ]);
    });

    it('fails for good once the URL has expired, after one more look for another one', async () => {
      open({ resultLifeS: 0 });
      const { talkId } = await create();
      await finish(talkId);
      const before = account.calls.length;

      const error = await dId
        .download(talkId, join(folder, 'expired.mp4'), new AbortController().signal)
        .catch((thrown) => thrown);

      expect(error).toMatchObject({
        code: 'PROVIDER_RESULT_EXPIRED',
        message: expect.stringMatching(/its link expired on \d{4}-\d\d-\d\d at \d\d:\d\d UTC/),
      });
      expect(account.calls.slice(before).map(({ call }) => call)).toEqual(['readTalk', 'readTalk']);
    });

    it("says S3's reason if a good video stays denied", async () => {
      const denied: Fault = {
        kind: 'answer',
        status: 403,
        error: 'AccessDenied',
        description: 'Access Denied',
      };
      open({}, { download: Array<Fault>(5).fill(denied) });
      const { talkId } = await create();
      await finish(talkId);

      await expect(
        dId.download(talkId, join(folder, 'denied.mp4'), new AbortController().signal),
      ).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        message: 'Cannot download the video from D-ID: status 403 AccessDenied: Access Denied',
      });
      expect(faults.left).toEqual([]);
    });

    it('stops with the reason of its signal', async () => {
      open({}, { download: [{ kind: 'slow', ms: 5_000 }] });
      const { talkId } = await create();
      await finish(talkId);
      const controller = new AbortController();
      const path = join(folder, 'stopped.mp4');
      const download = dId.download(talkId, path, controller.signal);
      setTimeout(() => controller.abort(new Error('enough')), 100);

      await expect(download).rejects.toThrow('enough');
    });
  });

  it('deletes objects idempotently, and reports a running talk as busy', async () => {
    open({ talkMs: () => 300 });
    const { talkId } = await create();
    const [portraitId] = account.images.keys();
    const [voiceId] = account.audios.keys();

    await expect(dId.delete('talk', talkId)).rejects.toMatchObject({
      code: 'PROVIDER_BUSY',
      retryable: true,
    });
    await finish(talkId);
    for (let time = 0; time < 2; time += 1) {
      await dId.delete('talk', talkId);
      await dId.delete('portrait', portraitId!);
      await dId.delete('voice', voiceId!);
    }

    expect(account.leftovers).toEqual([]);
  });

  it('does not take a gateway’s error page for a deletion', async () => {
    open({ talkMs: () => 60_000 }, { deleteTalk: [{ kind: 'garbage' }] });
    const { talkId } = await create();

    await expect(dId.delete('talk', talkId)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(account.talks.has(talkId)).toBe(true);
  });

  it('is refused by the emulator, as by D-ID, if a request violates the specification', async () => {
    const post = (body: unknown) =>
      fetch(`${emulator.url}/talks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const script = { type: 'audio', audio_url: 's3://d-id-emulator/x.wav' };

    for (const body of [
      {},
      { source_url: 'https://x/y.gif', script },
      { source_url: 'https://x/y.png', script: { ...script, audio_url: 'https://x/y.txt' } },
      { source_url: 'https://x/y.png', script, user_data: '' },
      { source_url: 'https://x/y.png', script, webhook: 'http://x' },
      { source_url: 'https://x/y.png', script, surprise: true },
    ]) {
      const answer = await post(body);
      const { kind } = (await answer.json()) as { kind: string };
      expect([answer.status, kind]).toEqual([400, 'ValidationError']);
    }
    expect(account.ledger).toEqual([]);
  });
});
