import { expect, it } from 'vitest';
import { createProgressHub } from '../../src/api/progress/progress-hub.ts';
import { createTaskOwners } from '../../src/api/tasks/task-owners.ts';
import { readTaskStatus } from '../../src/api/tasks/task-status.ts';
import type { JobFailure } from '../../src/contracts/schemas/job-outcome.ts';
import type { Progress } from '../../src/contracts/schemas/messages.ts';
import { PipelineError } from '../../src/errors.ts';
import type { TaskRecords } from '../../src/ports/task-records.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { describeJob, fakeJobs } from '../harness/api/fake-jobs.ts';

const away = async (): Promise<never> => {
  throw new PipelineError('STORAGE_UNAVAILABLE', 'The object store does not respond');
};
const records: TaskRecords = { read: away, write: away, readReferences: away };
const submittedAt = '2026-01-01T00:00:00.000Z';

function jobsWith(status: 'running' | 'failed') {
  return fakeJobs({
    describe: async () => describeJob({ status, memo: { ...describeJob().memo, owner: 'acme' } }),
    waitForChange: (_, cursor, signal) =>
      cursor
        ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : Promise.resolve(new Uint8Array(1)),
    progress: async () => ({
      events: [
        {
          seq: 1,
          task_id: 'task-1',
          event_type: 'stage_update',
          data: { stage: 'DID_PROCESSING', progress_percent: 75, message: 'Waiting for storage' },
          timestamp: submittedAt,
        },
      ],
    }),
  });
}

const failure: JobFailure = {
  task_id: 'task-1',
  success: false,
  execution_time_ms: 1,
  error: {
    code: 'DEVICE_FAILED',
    message: 'No memory',
    stage: 'DID_PROCESSING',
    retryable: true,
    compensated: [],
  },
};

function endedJobs(more: Partial<Progress> = {}) {
  return {
    ...jobsWith('failed'),
    progress: async () => ({
      events: [
        {
          seq: 1,
          task_id: 'task-1',
          event_type: 'stage_update' as const,
          data: { stage: 'FAILED' as const, progress_percent: 75, message: 'No memory' },
          timestamp: submittedAt,
        },
      ],
      outcome: failure,
      ...more,
    }),
    waitForChange: async () => undefined,
  };
}

it('a running task has its status and its owner while the store does not respond', async () => {
  const jobs = jobsWith('running');

  expect(await readTaskStatus({ jobs, records, names: { read: away } as never }, 'task-1')).toMatchObject({
    stage: 'DID_PROCESSING',
    message: 'Waiting for storage',
  });
  expect(await createTaskOwners({ jobs, records })('task-1')).toBe('acme');
});

it('an ended task has the status that Temporal remembers, and none if no worker answers', async () => {
  const jobs = endedJobs();
  expect(await readTaskStatus({ jobs, records, names: { read: away } as never }, 'task-1')).toMatchObject({
    stage: 'FAILED',
    error: { code: 'DEVICE_FAILED' },
  });

  const silent = { ...jobs, progress: () => Promise.reject(new PipelineError('TEMPORAL_UNAVAILABLE', 'No')) };
  await expect(readTaskStatus({ jobs: silent, records }, 'task-1')).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
  });
});

it('a task whose end Temporal does not have is not called lost before its record can be read', async () => {
  const status = readTaskStatus({ jobs: jobsWith('failed'), records }, 'task-1');
  await expect(status).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
});

it('a task that ended without a record is there, and one that was erased is not', async () => {
  const empty: TaskRecords = { ...records, read: async () => undefined };

  expect(
    await readTaskStatus({ jobs: endedJobs({ isUnrecorded: true }), records: empty }, 'task-1'),
  ).toMatchObject({ stage: 'FAILED' });
  await expect(readTaskStatus({ jobs: endedJobs(), records: empty }, 'task-1')).rejects.toMatchObject({
    code: 'TASK_NOT_FOUND',
  });
});

it.each([
  ['runs', jobsWith('running')],
  ['has ended', endedJobs()],
])('a task that %s has its events while the store does not respond', async (_, jobs) => {
  const hub = createProgressHub({ jobs, records, logger: createLogger('test', { level: 'silent' }) });
  const seqs: Array<number | undefined> = [];
  const leave = await hub.follow('task-1', 0, {
    send: ({ seq }) => void seqs.push(seq),
    end: () => undefined,
  });

  await expect.poll(() => seqs).toContain(1);
  leave();
  hub.close();
});
