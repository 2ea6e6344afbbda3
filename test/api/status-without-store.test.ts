import { expect, it } from 'vitest';
import { createTaskOwners } from '../../src/api/tasks/task-owners.ts';
import { readTaskStatus } from '../../src/api/tasks/task-status.ts';
import { PipelineError } from '../../src/errors.ts';
import type { TaskRecords } from '../../src/ports/task-records.ts';
import { describeJob, fakeJobs } from '../harness/api/fake-jobs.ts';

const away = async (): Promise<never> => {
  throw new PipelineError('STORAGE_UNAVAILABLE', 'The object store does not respond');
};
const records: TaskRecords = { read: away, write: away, readReferences: away };
const submittedAt = '2026-01-01T00:00:00.000Z';

function jobsWith(status: 'running' | 'failed') {
  return fakeJobs({
    describe: async () => describeJob({ status, memo: { ...describeJob().memo, owner: 'acme' } }),
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

it('a running task has its status and its owner while the store does not respond', async () => {
  const jobs = jobsWith('running');

  expect(await readTaskStatus({ jobs, records, names: { read: away } as never }, 'task-1')).toMatchObject({
    stage: 'DID_PROCESSING',
    message: 'Waiting for storage',
  });
  expect(await createTaskOwners({ jobs, records })('task-1')).toBe('acme');
});

it('a task that is not running needs its record, so it has no status then', async () => {
  const status = readTaskStatus({ jobs: jobsWith('failed'), records }, 'task-1');
  await expect(status).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
});
