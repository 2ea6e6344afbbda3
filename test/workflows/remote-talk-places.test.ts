import { expect, it } from 'vitest';
import { type Call, type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { mostInFlight } from '../../emulators/d-id/most-in-flight.ts';
import { createDIdHarness, type DIdJob } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const TALK_MS = 2_500;

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness({ ...server, terms: { maxTalksInFlight: 1 } }));

const outages: Fault[] = Array.from({ length: 30 }, () => ({ kind: 'answer', status: 503 }));

it.each<[string, Partial<Record<Call, Fault[]>>, (job: DIdJob) => Promise<unknown>]>([
  ['was cancelled', {}, ({ handle }) => handle.cancel()],
  ['was given up, and is kept for a retry', { readTalk: outages }, async () => undefined],
  [
    'was created although the answer said otherwise',
    { createTalk: [{ kind: 'answer', status: 504, after: true }] },
    async () => undefined,
  ],
])('gives no place to another job while D-ID works on a talk that %s', async (_, script, end) => {
  const faults = scriptedFaults(script);
  const first = await harness.start(
    { faults, talkMs: () => TALK_MS, listDelayMs: 200 },
    { on_outage: 'fail', cache: 'no-store' },
    { retryWindowS: 60 },
  );
  await expect.poll(() => first.account.ledger.length, { timeout: 20_000 }).toBe(1);
  const second = await harness.start({});
  await end(first);

  await second.handle.result();

  const talks = [...first.account.ledger, ...second.account.ledger];
  expect(talks).toHaveLength(2);
  expect(mostInFlight(talks)).toBe(1);
  const all = Object.values(script).flat().length;
  expect(faults.left.length).toBeLessThan(Math.max(all, 1));
});
