import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recallRecord } from '../../src/temporal/recall-record.ts';
import { createHarness, type Harness } from '../harness/pipeline-harness.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';

let server: TestServer;
let harness: Harness;

beforeAll(async () => {
  server = await openTestNamespace();
  harness = await createHarness(server);
});

afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe('the record of a task from Temporal’s history', () => {
  it('is the last one that the job wrote', async () => {
    const { handle, written } = await harness.run({});
    const record = await recallRecord(server.client, handle.workflowId.split('/')[1]!);

    expect(record).toEqual(written.at(-1));
    expect(record?.outcome).toMatchObject({ success: true });
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
