import { describe, expect, it } from 'vitest';
import { createProgressHub } from '../../src/api/progress/progress-hub.ts';
import type { ProgressReader } from '../../src/api/progress/progress-reader.ts';
import { readTaskStatus } from '../../src/api/tasks/task-status.ts';
import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { PipelineError } from '../../src/errors.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { fakeJobs } from '../harness/api/fake-jobs.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

/** A Temporal that has forgotten every task. */
const jobs = fakeJobs({
  describe: async (taskId) => {
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId}.`);
  },
});

async function recordsOf(isEnded: boolean) {
  const { store } = await createStore();
  const records = createTaskRecords({ store });
  const { record } = await storeTask(store, 'task-1', { isEnded });
  const event: TaskMetadata['events'][number] = {
    seq: 1,
    task_id: 'task-1',
    event_type: 'stage_update',
    data: { stage: 'DETECTION_RUNNING', progress_percent: 25, message: 'Looking' },
    timestamp: record.submitted_at,
  };
  await records.write({ ...record, events: [event] });
  return records;
}

async function follow(records: Awaited<ReturnType<typeof recordsOf>>) {
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });
  const seqs: Array<number | undefined> = [];
  const ends: Array<JobOutcome | undefined> = [];
  const reader: ProgressReader = {
    send: ({ seq }) => void seqs.push(seq),
    end: (outcome) => void ends.push(outcome),
  };
  await hub.follow('task-1', 0, reader);
  hub.close();
  return { seqs, ends };
}

describe('a task that Temporal has forgotten', () => {
  it('has its status, events and outcome from the record', async () => {
    const records = await recordsOf(true);
    expect(await readTaskStatus({ jobs, records }, 'task-1')).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(await follow(records)).toMatchObject({ seqs: [1], ends: [{ success: false }] });
  });

  it('ended unexpectedly at its last stage if its record has no outcome', async () => {
    const records = await recordsOf(false);
    expect(await readTaskStatus({ jobs, records }, 'task-1')).toMatchObject({
      stage: 'FAILED',
      progress_percent: 25,
      error: { stage: 'DETECTION_RUNNING', retryable: true },
    });
    expect(await follow(records)).toMatchObject({ seqs: [1, 2], ends: [{ success: false }] });
  });

  it('is unknown without a record', async () => {
    const { store } = await createStore();
    const records = createTaskRecords({ store });
    await expect(readTaskStatus({ jobs, records }, 'task-1')).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
    await expect(follow(records)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });
});
