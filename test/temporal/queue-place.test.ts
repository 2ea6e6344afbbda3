import { Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { loadWorkflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { WORKER_DEFAULTS } from '../../src/workers/lifecycle.ts';
import { happyActivities, toJobInput } from '../harness/pipeline-harness.ts';
import { startTestServer } from '../harness/temporal-server.ts';

it('returns the position of a job among those that wait for the same slots', async () => {
  await using server = await startTestServer();
  const jobs = createTemporalJobs({ client: server.client });
  const common = { ...WORKER_DEFAULTS, connection: server.workerConnection };
  // Nobody serves the queue of the decoders.
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: QUEUES.pipeline,
      workflowBundle: await loadWorkflowBundle(),
    }),
    await Worker.create({ ...common, taskQueue: QUEUES.io, activities: happyActivities() }),
  ];
  const runs = workers.map((worker) => worker.run());
  const inputs: JobInput[] = [];
  for (let index = 0; index < 3; index += 1) {
    inputs.push(toJobInput());
    await jobs.start(inputs[index]!);
  }

  const placeOf = async ({ taskId, submittedAt }: JobInput) => {
    const { waitsIn, stage } = await jobs.describe(taskId);
    return waitsIn && stage && jobs.queuePlace({ queue: waitsIn, stage, submittedAt });
  };
  // Temporal's visibility and the statistics of its queues come a little later.
  await expect
    .poll(() => Promise.all(inputs.map(placeOf)), { timeout: 20_000 })
    .toEqual([1, 2, 3].map((position) => ({ name: 'media', position, length: 3 })));

  for (const worker of workers) worker.shutdown();
  await Promise.all(runs);
});
