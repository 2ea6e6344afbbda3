import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/process/load-config.ts';
import { connectClient } from '../../src/temporal/connection.ts';
import { createPayloadCodec, toKeyId } from '../../src/temporal/payload-codec.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { createTemporalStatistics } from '../../src/temporal/temporal-statistics.ts';
import { createTemporalTimeline } from '../../src/temporal/temporal-timeline.ts';
import { loadWorkflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { newPayloadKey, openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createHarness(server));
const [key] = server.payloadKeys;
const newKey = newPayloadKey();

/** What Temporal stores about an execution, as its Web UI, its database and its backups show it. */
async function readAsStored(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: server.address });
  const execution = { workflowId };
  const { namespace } = server;
  const { workflowService } = connection;
  const history = await workflowService.getWorkflowExecutionHistory({ namespace, execution });
  const description = await workflowService.describeWorkflowExecution({ namespace, execution });
  await connection.close();
  const { GetWorkflowExecutionHistoryResponse, DescribeWorkflowExecutionResponse } =
    proto.temporal.api.workflowservice.v1;
  return [
    GetWorkflowExecutionHistoryResponse.encode(history).finish(),
    DescribeWorkflowExecutionResponse.encode(description).finish(),
  ]
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
    .join('');
}

describe('a job with encrypted payloads', () => {
  it('leaves nothing readable in Temporal but ids, names of steps and codes', async () => {
    const failing = async () => {
      throw ApplicationFailure.create({
        type: 'SLOT_CRASHED',
        message: 'message-of-a-failure',
        details: [{ seen: 'detail-of-a-failure' }],
        nonRetryable: true,
      });
    };
    const { handle } = await harness.run({ renderTalk: failing }, { job: { name: 'name-of-the-task' } });
    const stored = await readAsStored(handle.workflowId);

    for (const secret of [
      'name-of-the-task',
      'message-of-a-failure',
      'detail-of-a-failure',
      'portrait',
      'uploads/',
      'failure-converter.ts',
      'test/temporal',
      'Talking video',
    ]) {
      expect(stored, secret).not.toContain(secret);
    }
    // What it should contain, as a check of the check.
    expect(stored).toContain('SLOT_CRASHED');
    expect(stored).toContain('renderTalk');
    expect(stored).toContain(toKeyId(key!));
  });

  it('has search attributes that are ids, words and times only', async () => {
    const { handle } = await harness.run({}, { job: { name: 'name-of-the-task' } });
    const { searchAttributes } = await handle.describe();

    expect(searchAttributes).not.toEqual({});
    for (const [name, values] of Object.entries(searchAttributes)) {
      expect(name).toMatch(/^(Limelight|BuildIds|Temporal)/);
      for (const value of values ?? []) {
        expect(String(value)).toMatch(/^[\w-]+$|^[0-9a-f-]{36}$|^\w{3} \w{3} \d+|^(un)?versioned/);
      }
    }
  });

  it('shows its failures in the timeline, with code and message', async () => {
    const failing = async () => {
      throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'It fell over', nonRetryable: true });
    };
    const { handle } = await harness.run({ removeBackground: failing });
    const timeline = await createTemporalTimeline(server).read(handle.workflowId.split('/')[1]!);

    expect(timeline.stages.flatMap(({ steps }) => steps).find(({ error }) => error)).toMatchObject({
      name: 'removeBackground',
      error: { code: 'SLOT_CRASHED', message: 'It fell over' },
    });
  });

  it('replays with its key, and with no other', async () => {
    const { handle } = await harness.run({});
    const history = await handle.fetchHistory();
    const workflowBundle = await loadWorkflowBundle({ encryptsFailures: true });
    const replay = (keys: readonly string[]) =>
      Worker.runReplayHistory(
        { workflowBundle, dataConverter: { payloadCodecs: [createPayloadCodec(keys)] } },
        history,
      );

    await replay([newKey, key!]);
    await expect(replay([newKey])).rejects.toThrow();
  });

  it('is read after a rotation, and not without its key', async () => {
    const { handle } = await harness.run({}, { job: { name: 'name-of-the-task' } });
    const taskId = handle.workflowId.split('/')[1]!;
    const connect = (keys: string[]) =>
      connectClient(loadConfig({ ...server.env, TEMPORAL_PAYLOAD_KEYS: keys.join('\n') }).temporal);
    const rotated = await connect([newKey, key!]);
    resources.defer(() => rotated.connection.close());
    const without = await connect([newKey]);
    resources.defer(() => without.connection.close());

    expect((await createTemporalJobs({ client: rotated }).describe(taskId)).memo.name).toBe(
      'name-of-the-task',
    );
    await expect
      .poll(async () => (await createTemporalJobs({ client: rotated }).list({ limit: 50 })).tasks)
      .toContainEqual(expect.objectContaining({ task_id: taskId, name: 'name-of-the-task' }));
    await expect(createTemporalJobs({ client: without }).describe(taskId)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(toKeyId(key!)),
    });
    // Its neighbours are not affected.
    const jobs = createTemporalJobs({ client: without });
    const listed = (await jobs.list({ limit: 50 })).tasks.find(({ task_id }) => task_id === taskId);
    expect(listed).toMatchObject({ status: 'completed' });
    expect(listed).not.toHaveProperty('name');
    const statistics = createTemporalStatistics({ client: without });
    const ended = await Array.fromAsync(statistics.endedJobs(new Date(0), new Date()));
    expect(ended).toContainEqual(expect.objectContaining({ end: 'completed', provider: 'unknown' }));
    expect(await statistics.stuckWorkflows()).toEqual([]);
    await expect(createTemporalJobs({ client: rotated }).describe(randomUUID())).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
  });
});
