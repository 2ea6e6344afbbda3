import { expect, it } from 'vitest';
import { type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { createTemporalGate } from '../../src/temporal/temporal-gate.ts';
import { createDIdHarness, type DIdHarnessDeps, type DIdJob } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

/** A job has no continue-as-new, so its history has to stay short however long it waits. */
const MAX_EVENTS = 2_000;
/** Attempts of one job that is alone in an outage of a day: see `longerInterval`. */
const PROBES_A_DAY = 36;
/** As many are made here. */
const PROBES = 25;

const resources = fileResources();

async function openHarness(options: Pick<DIdHarnessDeps, 'terms' | 'webhooks'>) {
  const server = resources.use(await openTestNamespace());
  return { server, harness: resources.use(await createDIdHarness({ ...server, ...options })) };
}

const lengthOf = async ({ handle }: DIdJob) => (await handle.describe()).historyLength;

it('keeps the history of a job short that tries again and again for a day', async () => {
  const { harness } = await openHarness({ terms: { timeScale: 0.0005 } });
  const unavailable: Fault = { kind: 'answer', status: 503, error: 'Unavailable' };
  const faults = scriptedFaults({ createTalk: Array(PROBES).fill(unavailable) });
  const job = await harness.start({ faults });
  await expect.poll(() => faults.left.length, { timeout: 20_000 }).toBeLessThan(15);
  const [leftBefore, lengthBefore] = [faults.left.length, await lengthOf(job)];

  await job.handle.result();

  const length = await lengthOf(job);
  const perProbe = (length - lengthBefore) / (leftBefore + 1);
  expect(length + (PROBES_A_DAY - PROBES) * perProbe).toBeLessThan(MAX_EVENTS);
});

it('keeps the history of a job short whose provider sends 5,000 webhooks', async () => {
  const { server, harness } = await openHarness({ webhooks: true });
  const job = await harness.start({ talkMs: () => 3_000 });
  await expect.poll(() => job.account.ledger.length, { timeout: 20_000 }).toBe(1);
  const gate = createTemporalGate({ client: server.client, provider: 'd-id' });

  await Promise.all(Array.from({ length: 5_000 }, () => gate.hint(job.taskId)));

  await job.handle.result();
  const signals = (await job.handle.fetchHistory()).events?.filter(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'talkHint',
  );
  expect(signals!.length).toBeGreaterThanOrEqual(1);
  expect(signals!.length).toBeLessThan(5);
});
