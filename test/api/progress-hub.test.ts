import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createProgressHub } from '../../src/api/progress/progress-hub.ts';
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
