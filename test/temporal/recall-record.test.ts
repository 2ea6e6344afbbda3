import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { recallRecord } from '../../src/temporal/recall-record.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createHarness(server));

describe('the record of a task from Temporal’s history', () => {
  it('is the last one that the job wrote, with its timeline', async () => {
    const { handle, written } = await harness.run({});
    const recalled = await recallRecord(server.client, handle.workflowId.split('/')[1]!);
    const { timeline, ...record } = recalled!;

    expect(record).toEqual(written.at(-1));
    expect(timeline?.source).toBe('history');
    expect(record.outcome).toMatchObject({ success: true });
  });

  it('includes what was added after the job failed', async () => {
    const failing = async () => {
      throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'It died', nonRetryable: true });
    };
    const { handle, written } = await harness.run({ renderTalk: failing }, { retryWindowS: 1 });
    await expect
      .poll(async () => (await recallRecord(server.client, handle.workflowId.split('/')[1]!))?.objects, {
        timeout: 15_000,
      })
      .toEqual([]);
    expect(written.at(-1)?.objects).toEqual([]);
  });

  it('is undefined for an unknown task', async () => {
    expect(await recallRecord(server.client, 'nobody')).toBeUndefined();
  });
});
