import { beforeEach, expect, it } from 'vitest';
import { scriptedFaults } from '../../emulators/d-id/faults.ts';
import { BREAKER_QUERY, type GateState, toBreakerId } from '../../src/contracts/provider-gate.ts';
import { createDIdHarness, type DIdJob, endOf, progressOf } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness(server));
const breaker = () => server.client.workflow.getHandle(toBreakerId('d-id'));
beforeEach(async () => {
  await breaker()
    .terminate()
    .catch(() => undefined);
});

it.each([
  ['photo', 'image/'],
  ['recording', 'audio/'],
])('fails only the job whose %s gives D-ID an error each time', async (_, type) => {
  const job = await harness.start({ breaksOn: (file) => file.type.startsWith(type) });

  const { outcome, messages } = await endOf(job);
  await harness.tidied(job);

  expect(outcome).toMatchObject({
    success: false,
    error: {
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(
        /500 UnknownError: Internal Server Error\. It failed 8 times, although D-ID answers otherwise\. Use another/,
      ),
    },
  });
  expect(messages).toContainEqual(
    expect.stringMatching(/^D-ID fails to process this task, although it answers otherwise; next try at /),
  );
  expect((await breaker().query<GateState>(BREAKER_QUERY)).hold).toBeUndefined();
  expect(job.account.ledger).toEqual([]);
  expect(job.account.leftovers).toEqual([]);
  await (await harness.start({})).handle.result();
});

it('fails only the job whose orders always meet a conflict', async () => {
  const faults = scriptedFaults({
    createTalk: Array(8).fill({ kind: 'answer', status: 409, error: 'ConflictError' }),
  });
  const job = await harness.start({ faults });

  expect((await endOf(job)).outcome).toMatchObject({
    success: false,
    error: {
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(
        /409 ConflictError: a fault of the emulator\. It may have started the talk\. It failed 8 times/,
      ),
    },
  });

  await harness.tidied(job);
  expect(faults.left).toEqual([]);
  expect((await breaker().query<GateState>(BREAKER_QUERY)).hold).toBeUndefined();
  expect(job.account.ledger).toEqual([]);
});

it('holds only the job whose orders always meet a server error, until other jobs fail too', async () => {
  const broken = { kind: 'answer', status: 500 } as const;
  const bad = await harness.start({ faults: scriptedFaults({ createTalk: Array(100).fill(broken) }) });
  const ordersOf = ({ account }: DIdJob) => account.calls.filter(({ call }) => call === 'createTalk').length;
  await expect.poll(() => ordersOf(bad), { timeout: 30_000 }).toBeGreaterThan(5);
  const state = () => breaker().query<GateState>(BREAKER_QUERY);

  const other = await harness.start({}, { on_outage: 'fail' });
  await other.handle.result();

  expect((await progressOf(other)).messages.join('\n')).not.toContain('not answering');
  expect((await state()).hold).toBeUndefined();
  const more = await Promise.all(
    [1, 2, 3].map(() => harness.start({ faults: scriptedFaults({ createTalk: Array(100).fill(broken) }) })),
  );
  await expect.poll(state, { timeout: 30_000 }).toMatchObject({ hold: { reason: 'outage' } });
  await Promise.all([bad, ...more].map(({ handle }) => handle.cancel()));
});

it('hands a job whose photo D-ID cannot take to the built-in renderer if it was submitted so', async () => {
  const job = await harness.start({ breaksOn: () => true }, { on_outage: 'local' });

  const { metadata } = await job.handle.result();

  expect(metadata.provider).toEqual({ name: 'local', degraded: true });
});

it('holds only the job that costs more than is left', async () => {
  const job = await harness.start({ credits: 0.5 });
  await expect
    .poll(async () => (await progressOf(job)).messages, { timeout: 20_000 })
    .toContainEqual(
      expect.stringMatching(/^The D-ID account has too few credits for this video; next try at /),
    );

  const other = await harness.start({ credits: 1 });
  await other.handle.result();

  expect((await breaker().query<GateState>(BREAKER_QUERY)).hold).toBeUndefined();
  expect(other.account.ledger).toHaveLength(1);
  job.account.credits = 1;
  expect(await job.handle.result()).toMatchObject({ success: true });
  expect(job.account.ledger).toHaveLength(1);
});
