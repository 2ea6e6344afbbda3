import { describe, expect, it } from 'vitest';
import { type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import { createDIdHarness } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createDIdHarness({ ...server, webhooks: true }));

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
