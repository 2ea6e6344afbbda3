import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { PipelineError } from '../../src/errors.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api } = await startTestPipeline({ defaults: { deletesOriginals: true } });

const uploadsOf = (taskId: string) => Array.fromAsync(api.store.list(`uploads/${taskId}/`), ({ key }) => key);

it('uploads that a repeated request stores after the job has deleted them go too', async () => {
  const taskId = randomUUID();
  await submit(api, { taskId, waitS: 30 });
  expect(await uploadsOf(taskId)).toEqual([]);

  // This request looked for the job before there was one.
  let hasLooked = false;
  const app = createApp({
    ...api.deps,
    jobs: {
      ...api.jobs,
      async describe(id) {
        if (hasLooked) return api.jobs.describe(id);
        throw new PipelineError('TASK_NOT_FOUND', `There is no task ${id}.`);
      },
    },
    records: {
      ...api.records,
      async read(id) {
        if (hasLooked) return api.records.read(id);
        hasLooked = true;
      },
    },
  });
  const { status, headers } = await submit(app, { taskId });

  expect(status).toBe(202);
  expect(headers.get('idempotent-replayed')).toBe('true');
  expect(await uploadsOf(taskId)).toEqual([]);
});
