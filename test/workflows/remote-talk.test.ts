import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { toBreakerId } from '../../src/contracts/provider-gate.ts';
import { createDIdHarness, type DIdJob, endOf, progressOf } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness(server));
// An outage of one test must not hold the jobs of the next.
beforeEach(async () => {
  await server.client.workflow
    .getHandle(toBreakerId('d-id'))
    .terminate()
    .catch(() => undefined);
});

/** The answer to an order whose uploads are too old. */
const UNREADABLE_UPLOAD = {
  status: 400,
  error: 'BadRequestError',
  description:
    'cannot validate s3://d-id-images-prod/google-oauth2|1/img_1/a.jpg - may be corrupted or does not exist',
};

const paidFor = ({ account, taskId }: DIdJob) => account.ledger.filter(({ userData }) => userData === taskId);

describe('a job for D-ID', () => {
  it('ends in a video that is paid once, with its provider and its cost on record', async () => {
    const job = await harness.start({});

    const { outcome, events } = await endOf(job);

    expect(outcome).toMatchObject({
      success: true,
      metadata: { provider: { name: 'd-id', degraded: false } },
    });
    expect(paidFor(job)).toHaveLength(1);
    expect(job.written.at(-1)?.usage).toEqual([
      { provider: 'd-id', talk_id: job.account.ledger[0]!.talkId, seconds: 11, credits: 1 },
    ]);
    expect([...new Set(events.map(({ data }) => data.stage))].slice(-5)).toEqual([
      'DID_UPLOAD',
      'DID_PROCESSING',
      'DID_COMPLETE',
      'FINALIZING',
      'COMPLETED',
    ]);
  });

  it('is refused before anything is paid or uploaded if something covers the mouth', async () => {
    harness.failOnce('checkPortrait', 'FACE_UNSUITABLE');
    const job = await harness.start({});

    expect((await endOf(job)).outcome).toMatchObject({ success: false, error: { code: 'FACE_UNSUITABLE' } });
    expect(paidFor(job)).toEqual([]);
    expect(job.account.images.size).toBe(0);
  });

  it("shows the provider's state, the time so far, and the usual time once it is known", async () => {
    await endOf(await harness.start({ talkMs: () => 300 }));
    const job = await harness.start({ talkMs: () => 1_000 });

    const { messages } = await endOf(job);

    expect(messages).toContainEqual(
      expect.stringMatching(/^D-ID is making the video \("started"\): \d+ s so far, usually about \d+ s$/),
    );
  });

  it.each<[string, Call, Fault, times: number]>([
    ['504 after creating', 'createTalk', { kind: 'answer', status: 504, after: true }, 1],
    ['502 after creating', 'createTalk', { kind: 'answer', status: 502, after: true }, 1],
    ['a reset after creating', 'createTalk', { kind: 'reset', after: true }, 1],
    ['a reset before creating', 'createTalk', { kind: 'reset' }, 2],
    ['an unreadable answer to the creation', 'createTalk', { kind: 'garbage' }, 1],
    ['500 to the creation', 'createTalk', { kind: 'answer', status: 500 }, 2],
    ['429 to the creation', 'createTalk', { kind: 'answer', status: 429, retryAfterS: 1 }, 2],
    [
      '402 to the creation',
      'createTalk',
      { kind: 'answer', status: 402, error: 'InsufficientCreditsError' },
      2,
    ],
    ['409 to the creation', 'createTalk', { kind: 'answer', status: 409, error: 'ConflictError' }, 2],
    ['an upload that D-ID has lost', 'createTalk', { kind: 'answer', ...UNREADABLE_UPLOAD }, 1],
    ['503 to an upload', 'uploadImage', { kind: 'answer', status: 503 }, 2],
    ['503 to a poll', 'readTalk', { kind: 'answer', status: 503 }, 2],
    ['a reset poll', 'readTalk', { kind: 'reset' }, 2],
    ["a gateway's page for a poll", 'readTalk', { kind: 'garbage' }, 2],
    [
      'a result that is denied at first',
      'download',
      { kind: 'answer', status: 403, error: 'AccessDenied', description: 'Access Denied' },
      2,
    ],
    ['a cut download', 'download', { kind: 'cut' }, 2],
    ['a slow download', 'download', { kind: 'slow', ms: 200 }, 1],
    ['a talk that is stuck for a while', 'talk', { kind: 'stuck', ms: 500 }, 1],
    ['credits that cannot be read', 'readCredits', { kind: 'answer', status: 500 }, 1],
  ])('ends in a video, paid once, despite %s', async (_, call, fault, times) => {
    const faults = scriptedFaults({ [call]: Array(times).fill(fault) });
    const job = await harness.start({ faults, listDelayMs: 60 });

    const { outcome } = await endOf(job);

    expect(outcome).toMatchObject({
      success: true,
      metadata: { provider: { name: 'd-id', degraded: false } },
    });
    expect(faults.left).toEqual([]);
    expect(paidFor(job)).toHaveLength(1);
  });

  it('says that the face alone is shown, even if the answer to that order was lost', async () => {
    // The first order asks for the whole portrait, which this plan does not include.
    const faults = scriptedFaults({ createTalk: [undefined, { kind: 'answer', status: 504, after: true }] });
    const job = await harness.start({ faults, hasStitch: false });

    const { outcome } = await endOf(job);

    expect(faults.left).toEqual([]);
    expect(outcome).toMatchObject({
      success: true,
      metadata: { warnings: [expect.stringContaining('only the face')] },
    });
    expect(paidFor(job)).toHaveLength(1);
  });

  it.each<[string, Call, Fault, string]>([
    [
      'a refused picture',
      'uploadImage',
      { kind: 'answer', status: 451, error: 'ImageModerationError' },
      'PROVIDER_REFUSED',
    ],
    [
      'a refused voice',
      'uploadAudio',
      { kind: 'answer', status: 451, error: 'AudioModerationError' },
      'PROVIDER_REFUSED',
    ],
    [
      'a request that is called bad',
      'createTalk',
      { kind: 'answer', status: 400, error: 'BadRequestError' },
      'PROVIDER_REFUSED',
    ],
    [
      'a key that is not taken',
      'createTalk',
      { kind: 'answer', status: 401, error: 'AuthorizationError' },
      'PROVIDER_UNAUTHORIZED',
    ],
    ['a rejected talk', 'talk', { kind: 'ends', status: 'rejected', error: 'Celebrity' }, 'PROVIDER_REFUSED'],
    [
      'a 403 that is not about the framing',
      'createTalk',
      {
        kind: 'answer',
        status: 403,
        error: 'PermissionError',
        description: 'user has no permission for talks',
      },
      'PROVIDER_UNAUTHORIZED',
    ],
    [
      'a recording that is too long for D-ID',
      'uploadAudio',
      { kind: 'answer', status: 400, error: 'InvalidAudioDurationError', description: 'too long' },
      'AUDIO_TOO_LONG',
    ],
    [
      'a photo that D-ID cannot use',
      'talk',
      { kind: 'ends', status: 'error', error: 'SourceError' },
      'PROVIDER_REFUSED',
    ],
    [
      'a motion that D-ID cannot use',
      'talk',
      { kind: 'ends', status: 'error', error: 'DriverError' },
      'PROVIDER_TALK_FAILED',
    ],
    ['a FaceError', 'talk', { kind: 'ends', status: 'error', error: 'FaceError' }, 'FACE_NOT_FOUND'],
    [
      'a talk that fails',
      'talk',
      { kind: 'ends', status: 'error', error: 'UnknownError' },
      'PROVIDER_TALK_FAILED',
    ],
    ['an unknown status', 'talk', { kind: 'unknown status' }, 'PROVIDER_RESPONSE_INVALID'],
    [
      'a talk that has gone',
      'readTalk',
      { kind: 'answer', status: 404, error: 'NotFoundError' },
      'PROVIDER_TALK_MISSING',
    ],
  ])('fails with its reason after %s, and leaves nothing at D-ID', async (_, call, fault, code) => {
    const faults = scriptedFaults({ [call]: [fault] });
    const job = await harness.start({ faults });

    const { outcome } = await endOf(job);
    await harness.tidied(job);

    expect(faults.left).toEqual([]);
    expect(outcome).toMatchObject({ success: false, error: { code } });
    expect(job.account.leftovers).toEqual([]);
    expect(paidFor(job).length).toBeLessThanOrEqual(1);
  });

  it('leaves nothing at D-ID when it is cancelled during a talk, which cannot be deleted yet', async () => {
    const job = await harness.start({ talkMs: () => 4_000 });
    await expect.poll(() => job.account.talks.size, { timeout: 20_000 }).toBe(1);

    await job.handle.cancel();
    const { events } = await endOf(job);

    expect(events.at(-1)?.data.stage).toBe('CANCELLED');
    await harness.tidied(job);
    expect(job.account.leftovers).toEqual([]);
    expect(job.account.calls).toContainEqual(expect.objectContaining({ call: 'deleteTalk', status: 409 }));
  });
});

describe('an unavailable provider', () => {
  const outage = (times: number): Fault[] =>
    Array.from({ length: times }, () => ({ kind: 'answer', status: 503 }));

  it('holds jobs, which report the time of the next try and go on by themselves', async () => {
    const faults = scriptedFaults({ createTalk: outage(7) });
    const job = await harness.start({ faults });

    const { outcome, messages } = await endOf(job);

    expect(faults.left).toEqual([]);

    expect(messages).toContainEqual(
      expect.stringMatching(/^D-ID is not answering; next try at \d\d:\d\d:\d\d$/),
    );
    expect(outcome).toMatchObject({ success: true, metadata: { provider: { name: 'd-id' } } });
    expect(paidFor(job)).toHaveLength(1);
  });

  it('gets no request until Retry-After has passed, for orders and for polls', async () => {
    const busy: Fault = { kind: 'answer', status: 429, retryAfterS: 2 };
    const faults = scriptedFaults({ createTalk: [busy], readTalk: [busy] });
    const job = await harness.start({ faults });

    await endOf(job);

    expect(faults.left).toEqual([]);
    const at = (name: Call) => job.account.calls.filter(({ call }) => call === name).map((call) => +call.at);
    const [created, createdAgain] = at('createTalk');
    const [read, readAgain] = at('readTalk');
    expect(createdAgain! - created!).toBeGreaterThanOrEqual(2_000);
    expect(readAgain! - read!).toBeGreaterThanOrEqual(2_000);
  });

  it('fails jobs with on_outage=fail', async () => {
    const faults = scriptedFaults({ createTalk: outage(50) });
    const job = await harness.start({ faults }, { on_outage: 'fail' });

    const { outcome } = await endOf(job);
    await harness.tidied(job);

    expect(faults.left.length).toBeLessThan(50);
    expect(outcome).toMatchObject({ error: { code: 'PROVIDER_UNAVAILABLE' } });
    expect(job.account.leftovers).toEqual([]);
  });

  it('hands jobs with on_outage=local to the built-in renderer, marked as degraded', async () => {
    const faults = scriptedFaults({ createTalk: outage(50) });
    const job = await harness.start({ faults }, { on_outage: 'local' });

    const { outcome } = await endOf(job);
    await harness.tidied(job);

    expect(faults.left.length).toBeLessThan(50);
    expect(outcome).toMatchObject({
      success: true,
      metadata: { provider: { name: 'local', degraded: true } },
    });
    expect(job.account.leftovers).toEqual([]);
  });
});

describe('an account without credits', () => {
  it('holds a job before any work until there are credits', async () => {
    const job = await harness.start({ credits: 0 });
    await expect
      .poll(async () => (await progressOf(job)).events.at(-1)?.data.message, { timeout: 20_000 })
      .toMatch(/^This video costs 1 D-ID credit and the account has 0; next check at/);

    job.account.credits = 1;

    const { outcome } = await endOf(job);
    expect(outcome).toMatchObject({ success: true });
    expect(job.account.credits).toBe(0);
  });

  it.each([
    ['has none left', { credits: 0 }],
    ['never had any', { hasCreditRecord: false }],
  ])('fails a job with on_outage=fail at once if it %s', async (_, account) => {
    const job = await harness.start(account, { on_outage: 'fail' });

    const { outcome } = await endOf(job);

    expect(outcome).toMatchObject({
      error: { code: 'PROVIDER_CREDITS_EXHAUSTED', stage: 'UPLOAD_COMPLETE' },
    });
    expect(job.account.calls.map(({ call }) => call)).toEqual(['readCredits']);
  });
});
