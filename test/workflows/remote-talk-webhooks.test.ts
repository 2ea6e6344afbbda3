import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { createDIdHarness, type DIdHarness } from '../harness/d-id-harness.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';

let server: TestServer;
let harness: DIdHarness;
beforeAll(async () => {
  server = await openTestNamespace();
  harness = await createDIdHarness({ ...server, webhooks: true });
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

describe('a job whose provider sends webhooks', () => {
  it.each<[string, Fault[]]>([
    ['arrive normally', []],
    ['are lost', [{ kind: 'lost' }, { kind: 'lost' }]],
    ['arrive twice', [{ kind: 'doubled' }, { kind: 'doubled' }]],
    [
      'arrive late',
      [
        { kind: 'late', ms: 700 },
        { kind: 'late', ms: 700 },
      ],
    ],
    ['arrive out of order', [{ kind: 'out of order' }]],
  ])('ends in a video, paid once, when they %s', async (_, webhook) => {
    const faults = scriptedFaults({ webhook });
    const job = await harness.start({ faults, talkMs: () => 200 });

    const { success } = await job.handle.result();

    expect(faults.left).toEqual([]);

    expect(success).toBe(true);
    expect(job.account.ledger).toHaveLength(1);
  });
});
