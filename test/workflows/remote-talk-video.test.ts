import proto from '@temporalio/proto';
import { expect, it } from 'vitest';
import type { AccountOptions } from '../../emulators/d-id/account.ts';
import { scriptedFaults } from '../../emulators/d-id/faults.ts';
import { fetchEvents } from '../../src/temporal/decode-payloads.ts';
import { createDIdHarness, endOf } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness(server));

it.each<NonNullable<AccountOptions['shows']>>(['user_data', 'source of the talk', 'source of the upload'])(
  'finds a lost talk in a list that shows only its %s, and pays once',
  async (shows) => {
    const faults = scriptedFaults({ createTalk: [{ kind: 'answer', status: 504, after: true }] });
    const job = await harness.start({ faults, shows, listDelayMs: 60 });

    const { outcome } = await endOf(job);

    expect(faults.left).toEqual([]);
    expect(outcome).toMatchObject({ success: true });
    expect(job.account.ledger).toHaveLength(1);
  },
);

it.each<[string, Partial<AccountOptions>, string[]]>([
  ['nothing that the plan lacks', {}, []],
  [
    'a plan that shows the face only',
    { hasStitch: false },
    ['D-ID shows only the face, because the plan of its account does not include the whole portrait.'],
  ],
  [
    'a plan with a watermark',
    { hasWatermark: true },
    ["The video has D-ID's watermark, because of the plan of its account."],
  ],
])('warns in the result of %s', async (_, account, warnings) => {
  const { outcome } = await endOf(await harness.start(account));

  expect(outcome).toMatchObject({ success: true, metadata: { warnings } });
});

it('sends uploads again that D-ID may have deleted, and keeps the old ones on record', async () => {
  const old = { uploadedAt: new Date(Date.now() - 21 * 3_600_000).toISOString() };
  const job = await harness.start(
    {},
    {},
    {
      leftovers: {
        portrait: { ...old, id: 'img_old', url: 's3://d-id-images-prod/img_old/a.png' },
        voice: { ...old, id: 'old', url: 's3://d-id-audios-prod/old/a.wav' },
      },
    },
  );

  const { outcome } = await endOf(job);

  expect(outcome).toMatchObject({ success: true });
  expect(job.account.calls.filter(({ call }) => call === 'createTalk')).toHaveLength(1);
  const { ledger, images, audios } = job.account;
  expect(job.written.at(-1)?.remote?.map(({ what, id }) => `${what} ${id}`)).toEqual([
    `talk ${ledger[0]!.talkId}`,
    `portrait ${[...images.keys()][0]}`,
    `voice ${[...audios.keys()][0]}`,
    'portrait img_old',
    'voice old',
  ]);
});

it('sends uploads again once if D-ID cannot read them, and then gives up', async () => {
  const job = await harness.start({ uploadLifeS: 0 });

  const { outcome } = await endOf(job);

  expect(outcome).toMatchObject({
    error: {
      code: 'PROVIDER_UPLOAD_MISSING',
      message: expect.stringMatching(/cannot validate .*Use another photo or recording/),
    },
  });
  await harness.tidied(job);
  const called = job.account.calls.map(({ call }) => call);
  expect(called.filter((call) => call === 'uploadImage')).toHaveLength(2);
  expect(job.account.leftovers).toEqual([]);
  expect(called.filter((call) => call === 'createTalk')).toHaveLength(2);
  expect(job.account.ledger).toEqual([]);
});

it('keeps trying to download a paid video while its job may wait', async () => {
  harness.failOnce('downloadTalk', 'PROVIDER_UNAVAILABLE');
  const job = await harness.start({});

  const { outcome, events } = await endOf(job);

  expect(outcome).toMatchObject({ success: true, metadata: { provider: { name: 'd-id' } } });
  expect(events.map(({ data }) => data.message)).toContainEqual(
    expect.stringMatching(/^D-ID made the video, but it cannot be downloaded; next try at /),
  );
  expect(job.account.ledger).toHaveLength(1);
});

it('ends a job whose video has expired with an error of its own, and orders no other', async () => {
  const job = await harness.start({ resultLifeS: 0 }, {}, { retryWindowS: 60 });

  const { outcome } = await endOf(job);

  expect(outcome).toMatchObject({ error: { code: 'PROVIDER_RESULT_EXPIRED', retryable: false } });
  expect(outcome).not.toHaveProperty('error.retry');
  expect(job.account.ledger).toHaveLength(1);
});

it('hands a job whose video has expired to the built-in renderer if it was submitted so', async () => {
  const job = await harness.start({ resultLifeS: 0 }, { on_outage: 'local' });

  expect((await endOf(job)).outcome).toMatchObject({
    success: true,
    metadata: { provider: { name: 'local', degraded: true } },
  });
  expect(job.account.ledger).toHaveLength(1);
});

it.each([
  ['with an error', 'error', { credits: 10, refund_expected: true }],
  ['with a rejection', 'rejected', { credits: 9 }],
] as const)('records what to expect back for a talk that ends %s', async (_, status, expected) => {
  const faults = scriptedFaults({ talk: [{ kind: 'ends', status, error: 'UnknownError' }] });
  const job = await harness.start({ faults, credits: 10 });

  await endOf(job);

  expect(faults.left).toEqual([]);
  const { credits, ...refund } = expected;
  expect(job.account.credits).toBe(credits);
  const usage = { provider: 'd-id', talk_id: job.account.ledger[0]!.talkId, seconds: 11, credits: 1 };
  expect(job.written.at(-1)?.usage).toEqual([{ ...usage, ...refund }]);
});

it("keeps the account's e-mail address, which is part of every talk, out of histories", async () => {
  const faults = scriptedFaults({ talk: [{ kind: 'unknown status' }] });
  const job = await harness.start({ faults });

  await endOf(job);

  const { History } = proto.temporal.api.history.v1;
  const events = await fetchEvents(server.client, job.handle);
  const history = Buffer.from(History.encode({ events }).finish());
  expect(history.includes('PROVIDER_RESPONSE_INVALID')).toBe(true);
  expect(history.includes('owner@example.com')).toBe(false);
});
