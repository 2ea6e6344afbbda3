import { expect, it } from 'vitest';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

it('returns the position of a job among those that wait for the same slots', async () => {
  await using server = await openTestNamespace();
  const jobs = createTemporalJobs({ client: server.client });
  // No worker serves the queue of the decoders.
  await using _workers = await startWorkers(server, happyActivities(), {
    queues: [QUEUES.pipeline, QUEUES.io],
  });
  const inputs: JobInput[] = [];
  for (let index = 0; index < 3; index += 1) {
    inputs.push(toJobInput());
    await jobs.start(inputs[index]!);
  }

  const placeOf = async ({ taskId, submittedAt }: JobInput) => {
    const { waitsIn, stage } = await jobs.describe(taskId);
    return waitsIn && stage && jobs.queuePlace({ queue: waitsIn, stage, submittedAt });
  };
  // Temporal's visibility and queue statistics lag a little.
  await expect
    .poll(() => Promise.all(inputs.map(placeOf)), { timeout: 20_000 })
    .toEqual([1, 2, 3].map((position) => ({ name: 'media', position, length: 3 })));
});
