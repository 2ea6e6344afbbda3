import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scriptedFaults } from '../../emulators/d-id/faults.ts';
import { createCacheActivities } from '../../src/activities/content-cache.ts';
import { createEraseActivities } from '../../src/activities/erase.ts';
import { createRecordActivities } from '../../src/activities/records.ts';
import { ERASE_TASK, toEraseId } from '../../src/contracts/erase.ts';
import { toTidyUpId } from '../../src/contracts/provider-gate.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETRY_UPDATE, toRetryWindowId } from '../../src/contracts/retry.ts';
import type { EraseReceipt } from '../../src/contracts/schemas/erase-receipt.ts';
import type { RemoteProviderFacts } from '../../src/contracts/schemas/job.ts';
import type { JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createContentCache } from '../../src/storage/content-cache.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createTaskExecutions } from '../../src/temporal/task-executions.ts';
import { createWorkflowSignals } from '../../src/temporal/workflow-signals.ts';
import type { tidyUpRemoteTalk } from '../../src/workflows/remote-talk/tidy-up.ts';
import { createDIdHarness, type DIdHarness, type DIdJob } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { JOB_OPTIONS } from '../harness/job-options.ts';
import { providersOf } from '../harness/providers.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';
import { writeSmallTalkFiles } from '../providers/local/talk-files.ts';

const resources = fileResources();
let server: TestServer;
let store: ObjectStore;
let harness: DIdHarness;

beforeAll(async () => {
  server = resources.use(await openTestNamespace());
  const root = await mkdtemp(join(tmpdir(), 'limelight-paid-once-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  store = createFileStore({ root });
  harness = resources.use(
    await createDIdHarness({
      ...server,
      store,
      overrides: await createStoringActivities(root),
    }),
  );
});

/** The real cache, records and erasing; files of the stages before and after D-ID are there, and small. */
async function createStoringActivities(root: string) {
  const records = createTaskRecords({ store });
  const executions = createTaskExecutions(server);
  const producerVersions = { detector: 'detector 1', matting: 'matting 1', videos: { 'd-id': 'd-id 1' } };
  const files = await writeSmallTalkFiles(root, 1);
  const portrait = await readFile(files.portrait);
  const voice = await readFile(files.voice);
  return {
    ...happyActivities((key) => store.put(key, key.endsWith('.wav') ? voice : portrait)),
    ...createCacheActivities({
      store,
      cache: createContentCache({ store }),
      producerVersions,
      signals: createWorkflowSignals(server),
    }),
    ...createRecordActivities({ store, records }),
    ...createEraseActivities({ store, records, executions }),
  };
}

const retry = ({ taskId }: DIdJob) =>
  server.client.workflow
    .getHandle(toRetryWindowId(taskId))
    .executeUpdate<void, [string | null]>(RETRY_UPDATE, { args: [null] });

const resultOf = ({ handle }: DIdJob) =>
  server.client.workflow.getHandle(handle.workflowId).result() as Promise<JobResult>;

/** Whether the retry window knows that the video is in our own store: no download is under way any more. */
const fetchedIn = async ({ taskId }: DIdJob) => {
  const description = await server.client.workflow.getHandle(toRetryWindowId(taskId)).describe();
  return (description.raw.pendingActivities ?? []).length === 0;
};

const erase = ({ taskId }: DIdJob) =>
  server.client.workflow.execute<(input: { taskId: string }) => Promise<EraseReceipt>>(ERASE_TASK, {
    workflowId: toEraseId(taskId),
    taskQueue: QUEUES.pipeline,
    args: [{ taskId }],
  });

describe('a retry of a job whose talk was paid', () => {
  it.each(['downloadTalk', 'finishVideo'])(
    'takes the talk up after %s failed, and buys no other',
    async (activity) => {
      harness.failOnce(activity, 'DEVICE_FAILED');
      const job = await harness.start({}, { cache: 'no-store' }, { retryWindowS: 60 });
      await expect(resultOf(job)).rejects.toThrow();
      const paid = [...job.account.ledger];

      await retry(job);
      const result = await resultOf(job);

      expect(paid).toHaveLength(1);
      expect(job.account.ledger).toEqual(paid);
      expect(result).toMatchObject({ success: true, metadata: { provider: { name: 'd-id' } } });
      expect((await store.read(taskKeys(job.taskId).video)).subarray(4, 8).toString()).toBe('ftyp');
      const record = await createTaskRecords({ store }).read(job.taskId);
      expect(record?.usage?.map(({ talk_id }) => talk_id)).toEqual([paid[0]!.talkId]);
      // What the first attempt had uploaded is what the talk was made of.
      expect([...job.account.images.keys(), ...job.account.audios.keys()]).toHaveLength(2);
    },
  );

  it.each(['downloadTalk', 'finishVideo'])(
    'uses the video that was fetched before D-ID gave it up, after %s failed',
    async (activity) => {
      harness.failOnce(activity, 'DEVICE_FAILED');
      const job = await harness.start({}, { cache: 'no-store' }, { retryWindowS: 60 });
      await expect(resultOf(job)).rejects.toThrow();
      const { video } = taskKeys(job.taskId);
      await expect.poll(() => store.stat(video), { timeout: 20_000 }).toBeDefined();
      await expect.poll(() => fetchedIn(job), { timeout: 20_000 }).toBe(true);
      for (const talk of job.account.talks.values()) {
        delete talk.result;
      }

      await retry(job);
      const result = await resultOf(job);

      expect(result).toMatchObject({ success: true, metadata: { provider: { name: 'd-id' } } });
      expect(job.account.ledger).toHaveLength(1);
      expect(job.account.calls.filter(({ call }) => call === 'download')).toHaveLength(1);
    },
  );

  it('fetches the video of a lost talk that is found while it waits', async () => {
    harness.failOnce('findTalk', 'PROVIDER_RESPONSE_INVALID');
    const faults = scriptedFaults({ createTalk: [{ kind: 'answer', status: 504, after: true }] });
    const job = await harness.start({ faults }, { cache: 'no-store' }, { retryWindowS: 60 });
    await expect(resultOf(job)).rejects.toThrow();
    await expect.poll(() => store.stat(taskKeys(job.taskId).video), { timeout: 20_000 }).toBeDefined();

    await retry(job);
    await resultOf(job);

    expect(faults.left).toEqual([]);
    expect(job.account.ledger).toHaveLength(1);
    const record = await createTaskRecords({ store }).read(job.taskId);
    expect(record?.usage?.map(({ talk_id }) => talk_id)).toEqual([job.account.ledger[0]!.talkId]);
  });

  it('deletes the talk and its video if it is not retried before the window closes', async () => {
    harness.failOnce('finishVideo', 'DEVICE_FAILED');
    const job = await harness.start({}, { cache: 'no-store' }, { retryWindowS: 1 });
    await expect(resultOf(job)).rejects.toThrow();

    const kept = await store.stat(taskKeys(job.taskId).video);
    await server.client.workflow.getHandle(toRetryWindowId(job.taskId)).result();
    await harness.tidied(job);

    expect(kept).toBeDefined();
    expect(job.account.ledger).toHaveLength(1);
    expect(job.account.leftovers).toEqual([]);
    const left = await Array.fromAsync(store.list(''), ({ key }) => key);
    expect(left.filter((key) => key.includes(job.taskId))).toEqual([taskKeys(job.taskId).metadata]);
  });
});

describe('a lost talk of a job that is not retried', () => {
  const usageOf = async ({ taskId }: DIdJob) =>
    (await createTaskRecords({ store }).read(taskId))?.usage?.map(({ talk_id, credits }) => [
      talk_id,
      credits,
    ]);

  async function startLosing(retryWindowS: number, more: { listDelayMs?: number } = {}): Promise<DIdJob> {
    harness.failOnce('findTalk', 'PROVIDER_RESPONSE_INVALID');
    const faults = scriptedFaults({ createTalk: [{ kind: 'answer', status: 504, after: true }] });
    const job = await harness.start({ faults, ...more }, { cache: 'no-store' }, { retryWindowS });
    await expect(resultOf(job)).rejects.toThrow();
    expect(job.account.ledger).toHaveLength(1);
    return job;
  }

  it.each([
    ['it was undone at once', 0],
    ['its retry window has closed', 1],
  ])('is deleted, and its cost is on record, after %s', async (_, retryWindowS) => {
    const job = await startLosing(retryWindowS);
    if (retryWindowS > 0) await server.client.workflow.getHandle(toRetryWindowId(job.taskId)).result();
    await harness.tidied(job);

    expect(await usageOf(job)).toEqual([[job.account.ledger[0]!.talkId, 1]]);
    expect(job.account.leftovers).toEqual([]);
  });

  it('is found after its retry window was terminated, when the task is erased', async () => {
    // Later than the window searches.
    const job = await startLosing(60, { listDelayMs: 4_000 });
    const window = server.client.workflow.getHandle(toRetryWindowId(job.taskId));
    await window.terminate();

    const { pending } = await erase(job);

    expect(pending).toEqual([]);
    expect(job.account.talks.size).toBe(0);
    expect(job.account.leftovers).toEqual([]);
  }, 60_000);

  it('leaves no record of a task that is erased meanwhile', async () => {
    const job = await startLosing(0);

    await erase(job);

    const left = await Array.fromAsync(store.list(''), ({ key }) => key);
    expect(left.filter((key) => key.includes(job.taskId))).toEqual([]);
  });
});

describe('an identical job', () => {
  it('uses the cache: it buys no talk and sends no request to D-ID', async () => {
    const first = await harness.start({}, { cache: 'use' });
    const { metadata } = await resultOf(first);
    const second = await harness.start({}, { cache: 'use' });

    const result = await resultOf(second);

    expect(first.account.ledger).toHaveLength(1);
    expect(second.account.ledger).toEqual([]);
    expect(second.account.calls).toEqual([]);
    expect(result.metadata).toMatchObject({
      video: metadata.video,
      cached: expect.arrayContaining(['DID_PROCESSING']),
    });
    expect(await createTaskRecords({ store }).read(second.taskId)).not.toHaveProperty('usage');
  });
});

describe('erasing a job for D-ID', () => {
  it('deletes its talk, portrait and voice at D-ID and its cache entry, and the receipt lists them', async () => {
    const job = await harness.start({}, { cache: 'use', conf_threshold: 0.4 });
    await resultOf(job);
    const { talks, images, audios } = job.account;
    const there = [...talks.keys(), ...images.keys(), ...audios.keys()];
    const { cache_entries: entries } = (await createTaskRecords({ store }).read(job.taskId))!;

    const { erased } = await erase(job);

    expect(there).toHaveLength(3);
    expect(job.account.leftovers).toEqual([]);
    // They are deleted at the same time.
    const atProvider = erased.filter(({ kind }) => kind === 'provider').map(({ name }) => name);
    expect(atProvider.sort()).toEqual([`portrait ${there[1]}`, `talk ${there[0]}`, `voice ${there[2]}`]);
    // Of the detection, the cut-out and the video. Here only the video is stored.
    expect(entries).toHaveLength(3);
    const inCache = erased.filter(({ kind }) => kind === 'cache').map(({ name }) => name);
    const [video] = entries!.filter((entry) => inCache.includes(`${entry}video`));
    expect(video).toBeDefined();
    const left = await Array.fromAsync(store.list(''), ({ key }) => key);
    expect(left.filter((key) => key.includes(job.taskId) || key.startsWith(video!))).toEqual([]);
  });

  it('waits for every earlier clean-up at D-ID to finish', async () => {
    harness.failOnce('finishVideo', 'DEVICE_FAILED');
    const job = await harness.start({}, { cache: 'no-store' }, { retryWindowS: 60 });
    await expect(resultOf(job)).rejects.toThrow();
    const talkId = job.account.ledger[0]!.talkId;
    // As a job leaves it that had to delete something there twice.
    const handle = await server.client.workflow.start<typeof tidyUpRemoteTalk>('tidyUpRemoteTalk', {
      workflowId: toTidyUpId(job.taskId, 2),
      taskQueue: QUEUES.pipeline,
      args: [
        {
          provider: providersOf({ ...JOB_OPTIONS, provider: 'd-id' }).provider as RemoteProviderFacts,
          requestId: job.taskId,
          timeScale: 0.02,
          voiceS: 1,
          mayHaveUnknownTalk: true,
          hasPlace: false,
          attempt: 2,
        },
      ],
    });

    const { erased } = await erase(job);

    expect(erased.map(({ name }) => name).join('\n')).toContain(`${toTidyUpId(job.taskId, 1)} (run `);
    expect(job.account.talks.has(talkId)).toBe(false);
    expect(job.account.leftovers).toEqual([]);
    await handle.result();
  });
});
