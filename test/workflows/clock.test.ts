import { afterEach, expect, it } from 'vitest';
import { createDIdHarness } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const HOUR_MS = 3_600_000;
const RealDate = Date;

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness(server));
afterEach(() => {
  globalThis.Date = RealDate;
});

/** Sets the clock of this process: of API and workers, and not of Temporal. */
function shiftClock(ms: number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args) => Reflect.construct(target, args.length > 0 ? args : [target.now() + ms]),
    get: (target, name) => (name === 'now' ? () => target.now() + ms : Reflect.get(target, name)),
  });
}

it.each([
  ['behind', -HOUR_MS],
  ['ahead', HOUR_MS],
])(
  "ends in a video, paid once and within its deadline, if the machine's clock is an hour %s of Temporal's",
  async (_, ms) => {
    shiftClock(ms);
    const job = await harness.start({}, { deadline_s: 60 });

    expect(await job.handle.result()).toMatchObject({
      success: true,
      metadata: { provider: { name: 'd-id', degraded: false } },
    });
    expect(job.account.ledger).toHaveLength(1);
  },
);

it('ends in a video, paid once, if the clock is set back by an hour while the job waits for its talk', async () => {
  const job = await harness.start({ talkMs: () => 1_000 }, { deadline_s: 60 });
  await expect.poll(() => job.account.ledger.length).toBe(1);

  shiftClock(-HOUR_MS);

  expect(await job.handle.result()).toMatchObject({ success: true });
  expect(job.account.ledger).toHaveLength(1);
});
