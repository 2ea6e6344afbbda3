import { activityInfo, sleep } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETRY_UPDATE, toRetryWindowId } from '../../src/contracts/retry.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { toJobMemo } from '../../src/temporal/temporal-jobs.ts';
import type { generateVideo } from '../../src/workflows/index.ts';
import { createDIdHarness, progressOf } from '../harness/d-id-harness.ts';
import { fileResources } from '../harness/file-resources.ts';
import {
  ACTIVITY_NAMES,
  type Activities,
  happyActivities,
  STAGE_ACTIVITIES,
  toStored,
} from '../harness/happy-activities.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const OUTAGES = [
  ['STORAGE_FULL', 'disk_space'],
  ['STORAGE_UNAVAILABLE', 'storage'],
] as const;
/** More often than an activity has attempts. The waits between them are 2, 4 and 8 s. */
const FAILURES = 4;

interface Run {
  handle: WorkflowHandle<typeof generateVideo>;
  /** The calls of the activity that fails. */
  calls: number;
  written: TaskMetadata[];
}

interface Case {
  name: keyof Activities;
  /** How many of its calls fail. */
  failures?: number;
  options?: Partial<JobInput['options']>;
  /** What the activity does in place of failing with the code. */
  instead?: () => Promise<never>;
  /** Which calls fail. Default: all. */
  isMeant?: (argument: never) => boolean;
  /** Other activities that this job needs, in place of the happy ones. */
  overrides?: Partial<Activities>;
}

/** Jobs that run at the same time, each with an activity of its own that fails. */
async function startJobs(server: TestServer) {
  const cases = new Map<string, { failing: Case & { code: string }; run: Run }>();
  const happy = happyActivities();
  const dispatch = Object.fromEntries(
    ACTIVITY_NAMES.map((name) => [
      name,
      async (argument: never) => {
        const { failing, run } = cases.get(activityInfo().workflowExecution!.workflowId)!;
        if (name === 'recordTask') run.written.push(TaskMetadata.parse(argument));
        if (name === failing.name && (failing.isMeant?.(argument) ?? true)) {
          run.calls += 1;
          if (run.calls <= (failing.failures ?? FAILURES)) {
            await failing.instead?.();
            // By itself it may be retried: the workflow must not let Temporal do it.
            throw ApplicationFailure.create({ type: failing.code, message: `${failing.code} happened` });
          }
        }
        const activity = (failing.overrides?.[name] ?? happy[name]) as (argument: never) => Promise<unknown>;
        return activity(argument);
      },
    ]),
  );
  const workers = await startWorkers(server, dispatch);
  return {
    async start(failing: Case & { code: string }): Promise<Run> {
      const input = toJobInput({ cache: 'use', ...failing.options });
      const workflowId = toWorkflowId(input.taskId);
      const handle = server.client.workflow.getHandle<typeof generateVideo>(workflowId);
      const run: Run = { handle, calls: 0, written: [] };
      cases.set(workflowId, { failing, run });
      await server.client.workflow.start<typeof generateVideo>('generateVideo', {
        workflowId,
        taskQueue: QUEUES.pipeline,
        args: [input],
        memo: { ...toJobMemo(input) },
      });
      return run;
    },
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  };
}

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const jobs = resources.use(await startJobs(server));
const remote = resources.use(await createDIdHarness(resources.use(await openTestNamespace())));

async function expectWaitedOut(name: string, run: Run, waiting_for: string) {
  const { events, outcome } = await progressOf(run);
  expect(run.calls, name).toBeGreaterThan(FAILURES);
  expect(
    events.map(({ seq }) => seq),
    name,
  ).toEqual(events.map((_, index) => index + 1));
  const waits = events.filter(({ data }) => data.details?.waiting_for === waiting_for);
  expect(waits.length, `${name} tells its readers once`).toBe(1);
  expect(run.written.at(-1), name).toMatchObject({ events, outcome });
}

const away = () => ApplicationFailure.create({ type: 'STORAGE_UNAVAILABLE', message: 'Not there' });

const lipSync = { provider: 'lip-sync' } as const;
const refused = async () => {
  throw ApplicationFailure.create({ type: 'FACE_UNSUITABLE', message: 'No', nonRetryable: true });
};

/** Every activity of a job, with what brings the job to it. */
const CASES: Record<string, Case> = {
  ...Object.fromEntries(STAGE_ACTIVITIES.map((name) => [name, { name }])),
  ...Object.fromEntries(
    (['findVideo', 'findDetection', 'findCutout'] as const).map((name) => [name, { name }]),
  ),
  'renderTalk of lip-sync': { name: 'renderTalk', options: lipSync },
  'finishVideo of lip-sync': { name: 'finishVideo', options: lipSync },
  'the last record': { name: 'recordTask', isMeant: ({ outcome }: TaskMetadata) => outcome !== undefined },
  'the undo of a failed job': { name: 'discard', overrides: { renderTalk: refused } },
  'the undo of a failed job of lip-sync': {
    name: 'discard',
    options: lipSync,
    overrides: { renderTalk: refused },
  },
};

/** Fails to keep its video for identical jobs. */
const KEEPING: Case = {
  name: 'keepVideo',
  overrides: {
    findVideo: async () => ({ kind: 'claimed', claim: 'cache/claims/x/000001' }),
    videoEntry: async () => 'cache/video/x/',
  },
};

describe.each(OUTAGES)('%s', (code, waiting_for) => {
  it('is waited out at every activity of a job, costs no attempt, and is told to readers', async () => {
    const runs = await Promise.all(
      Object.entries(CASES).map(async ([name, failing]) => ({
        name,
        failing,
        run: await jobs.start({ ...failing, code }),
      })),
    );

    for (const { name, failing, run } of runs) {
      const [ended] = await Promise.allSettled([run.handle.result()]);
      expect([name, ended.status]).toEqual([name, failing.overrides ? 'rejected' : 'fulfilled']);
      await expectWaitedOut(name, run, waiting_for);
    }
  }, 120_000);

  it('is waited out to keep a finished video for identical jobs, which would pay again', async () => {
    const run = await jobs.start({ ...KEEPING, code });

    expect(await run.handle.result()).toMatchObject({ success: true });
    await expectWaitedOut('keepVideo', run, waiting_for);
  }, 60_000);

  it('does not hold up a finished video until its deadline to keep it for identical jobs', async () => {
    const run = await jobs.start({
      ...KEEPING,
      code,
      failures: Number.POSITIVE_INFINITY,
      options: { deadline_s: 15 },
    });

    expect(await run.handle.result()).toMatchObject({ success: true });
    expect(run.calls).toBeGreaterThan(1);
  }, 60_000);
});

it('a last record that times out waits for the storage, because it touches nothing else', async () => {
  let calls = 0;
  const run = await jobs.start({
    name: 'recordTask',
    code: 'STORAGE_UNAVAILABLE',
    // All attempts of the activity. The last one hangs and sends no heartbeat.
    failures: 6,
    isMeant: ({ outcome }: TaskMetadata) => outcome !== undefined,
    async instead() {
      calls += 1;
      if (calls < 6) throw new Error('The connection was closed');
      return sleep(3_600_000) as Promise<never>;
    },
  });

  expect(await run.handle.result()).toMatchObject({ success: true });
  const { events } = await progressOf(run);
  expect(events.at(-2)?.data.details).toEqual({ waiting_for: 'storage' });
  expect(run.written.at(-1)).toMatchObject({ events, outcome: { success: true } });
}, 90_000);

it('a job whose deadline passes during an outage is undone and recorded once the storage is back', async () => {
  let discards = 0;
  const run = await jobs.start({
    name: 'renderTalk',
    code: 'STORAGE_UNAVAILABLE',
    failures: Number.POSITIVE_INFINITY,
    options: { deadline_s: 4 },
    overrides: {
      async discard() {
        discards += 1;
        if (discards <= 2) throw away();
      },
    },
  });

  await expect(run.handle.result()).rejects.toThrow();
  const { events, outcome } = await progressOf(run);
  expect(outcome).toMatchObject({
    error: { code: 'DEADLINE_EXCEEDED', compensated: ['video', 'processed files', 'uploads'] },
  });
  expect(run.written.at(-1)).toMatchObject({ events, outcome, objects: [] });
}, 60_000);

describe('a job for D-ID', () => {
  it('keeps a paid talk whose video meets an outage until its deadline, for a retry that pays nothing', async () => {
    await using own = await openTestNamespace();
    let isAway = true;
    await using dId = await createDIdHarness({
      ...own,
      overrides: {
        async downloadTalk({ videoKey }: { videoKey: string }) {
          if (isAway) throw away();
          return { widthPx: 512, heightPx: 512, durationS: 11, video: toStored(videoKey) };
        },
      },
    });
    const job = await dId.start({}, { deadline_s: 6 }, { retryWindowS: 60 });
    await expect(job.handle.result()).rejects.toThrow();
    expect(job.written.at(-1)?.outcome).toMatchObject({
      error: { code: 'DEADLINE_EXCEEDED', retry: { from: ['provider'] } },
    });

    isAway = false;
    await own.client.workflow
      .getHandle(toRetryWindowId(job.taskId))
      .executeUpdate<void, [string | null]>(RETRY_UPDATE, { args: [null] });

    expect(await own.client.workflow.getHandle(toWorkflowId(job.taskId)).result()).toMatchObject({
      success: true,
    });
    expect(job.account.ledger).toHaveLength(1);
  }, 90_000);

  it.each(
    OUTAGES.flatMap(([code, waiting_for]) =>
      ['checkPortrait', 'uploadPortrait', 'uploadVoice', 'downloadTalk'].map((name) => [
        name,
        code,
        waiting_for,
      ]),
    ) as Array<[string, 'STORAGE_FULL' | 'STORAGE_UNAVAILABLE', string]>,
  )(
    'waits in %s while it meets %s, and pays once',
    async (name, code, waiting_for) => {
      remote.failOnce(name, code);
      const job = await remote.start({});

      expect(await job.handle.result()).toMatchObject({ success: true });
      const { events } = await progressOf(job);
      expect(events.filter(({ data }) => data.details?.waiting_for === waiting_for)).toHaveLength(1);
      expect(job.account.ledger).toHaveLength(1);
    },
    60_000,
  );
});
