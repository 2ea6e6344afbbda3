import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createProgressHub, type ProgressHub } from '../../src/api/progress/progress-hub.ts';
import type { JobFailure, JobOutcome, JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { Progress } from '../../src/contracts/schemas/messages.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { describeJob, fakeJobs } from '../harness/api/fake-jobs.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

const LONG_STAGE: Progress = {
  events: [
    {
      seq: 1,
      task_id: 'task-1',
      event_type: 'stage_update',
      data: { stage: 'DID_PROCESSING', progress_percent: 75, message: 'Rendering' },
      timestamp: new Date(0).toISOString(),
    },
  ],
};

it('stops asking Temporal for a reader that left meanwhile', async () => {
  const { store } = await createStore();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Progress>();
  let descriptions = 0;
  const jobs = fakeJobs({
    describe: async () => {
      descriptions += 1;
      return describeJob();
    },
    waitForChange: async () => new Uint8Array(),
    progress: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const records = createTaskRecords({ store });
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });
  const leave = await hub.follow('task-1', 0, { send: () => {}, end: () => {} });
  await asked.promise;
  const before = descriptions;

  leave();
  await turn();
  answer.resolve(LONG_STAGE);
  await turn();

  expect(descriptions).toBe(before);
  hub.close();
});

it('goes on with the next attempt of a task that is retried while its readers learn of the failure', async () => {
  const { store } = await createStore();
  const outcomeOfNext = { task_id: 'task-1', success: true } as Progress['outcome'];
  const next = { ...LONG_STAGE.events[0]!, seq: 2 };
  // The history of the failed attempt ends. By then the task runs again, and its record has no outcome any more.
  const polls = [undefined, new Uint8Array([1])];
  const answers: Progress[] = [LONG_STAGE, { events: [next], outcome: outcomeOfNext! }];
  const jobs = fakeJobs({
    describe: async () => describeJob(),
    waitForChange: async () => polls.shift(),
    progress: async () => answers.shift()!,
  });
  const records = createTaskRecords({ store });
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });
  const seqs: Array<number | undefined> = [];

  const outcome = await new Promise((resolve) => {
    void hub.follow('task-1', 0, { send: ({ seq }) => seqs.push(seq), end: resolve });
  });

  expect(outcome).toMatchObject({ success: true });
  expect(seqs).toEqual([1, 2]);
  hub.close();
});

const [STARTED] = LONG_STAGE.events;

function failure(seq: number, retry?: { from: ['provider']; until: string }): Progress {
  const outcome: JobFailure = {
    task_id: 'task-1',
    success: false,
    execution_time_ms: 1,
    error: {
      code: 'SLOT_CRASHED',
      message: 'It crashed',
      stage: 'DID_PROCESSING',
      retryable: true,
      compensated: [],
      ...(retry && { retry }),
    },
  };
  const data = {
    stage: 'FAILED' as const,
    progress_percent: 75,
    message: 'It crashed',
    details: { outcome },
  };
  return { events: [{ ...STARTED!, seq, data }], outcome };
}

const success = (...seqs: number[]): Progress => ({
  events: seqs.map((seq) => ({ ...STARTED!, seq })),
  outcome: { task_id: 'task-1', success: true } as JobResult,
});

/** Follows the task, and resolves with the numbers of its events and the outcome that it is ended with. */
async function readAll(hub: ProgressHub) {
  const seqs: Array<number | undefined> = [];
  const outcome = await new Promise<JobOutcome | undefined>((resolve) => {
    void hub.follow('task-1', 0, { send: ({ seq }) => seqs.push(seq), end: resolve });
  });
  return { seqs, outcome };
}

it('follows the next attempt for a reader that comes before those of the failed one have left', async () => {
  const { store } = await createStore();
  const answers = [failure(1), success(1, 2)];
  const jobs = fakeJobs({
    describe: async () => describeJob(),
    waitForChange: async () => new Uint8Array(),
    progress: async () => answers.shift()!,
  });
  const records = createTaskRecords({ store });
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });
  const first = await readAll(hub);

  const second = await readAll(hub);

  expect(first).toMatchObject({ seqs: [1], outcome: { success: false } });
  expect(second).toMatchObject({ seqs: [1, 2], outcome: { success: true } });
  hub.close();
});

it('goes on after a failure whose retry is accepted and has not begun', async () => {
  const { store } = await createStore();
  const offered = failure(2, { from: ['provider'], until: new Date(Date.now() + 60_000).toISOString() });
  const told = { ...offered, events: [STARTED!, ...offered.events] };
  // The failed attempt is at its end, closes, and only then does the next one begin.
  const polls = [new Uint8Array([1]), undefined, undefined, new Uint8Array([2])];
  const answers = [told, offered, offered, success(2, 3)];
  const jobs = fakeJobs({
    describe: async () => describeJob({ status: 'failed' }),
    waitForChange: async () => polls.shift(),
    progress: async () => answers.shift()!,
    isRetried: async () => true,
  });
  const records = createTaskRecords({ store });
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });

  expect(await readAll(hub)).toMatchObject({ seqs: [1, 2, 3], outcome: { success: true } });
  hub.close();
});
