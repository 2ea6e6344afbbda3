import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { createHarness } from '../test/harness/pipeline-harness.ts';
import { startTestServer, type TestServer } from '../test/harness/temporal-server.ts';
import { type Bench, percentile } from './bench.ts';

const JOBS = 40;
/** Sequential activities of a successful job. The first `metadata.json` is written in parallel with the first of them. */
const STEPS = 7;

/** Sequential jobs whose activities return at once, so that only orchestration remains. */
export const orchestration: Bench = {
  name: 'orchestration',
  title: `overhead of a job, ${JOBS} jobs one after another, all stages answering at once`,
  async run() {
    await using server = await startTestServer();
    const reference = await timeEmptySteps(server);
    await using harness = await createHarness(server);
    await harness.run({});
    const jobs: number[] = [];
    for (let index = 0; index < JOBS; index += 1) {
      const start = performance.now();
      await harness.run({});
      jobs.push(performance.now() - start);
    }
    return [
      { what: 'a job, p50', value: percentile(jobs, 0.5), unit: 'ms', atMost: 250 },
      { what: 'a job, p95', value: percentile(jobs, 0.95), unit: 'ms', atMost: 500 },
      { what: `${STEPS} empty activities in a row, p50`, value: percentile(reference, 0.5), unit: 'ms' },
      {
        what: 'a job / empty activities, p50',
        value: percentile(jobs, 0.5) / percentile(reference, 0.5),
        unit: '',
      },
    ];
  },
};

async function timeEmptySteps(server: TestServer): Promise<number[]> {
  const worker = await Worker.create({
    connection: server.workerConnection,
    taskQueue: 'bench',
    workflowsPath: fileURLToPath(new URL('./workflows/empty-steps.ts', import.meta.url)),
    activities: { step: async () => {} },
  });
  return worker.runUntil(async () => {
    const times: number[] = [];
    for (let index = 0; index <= JOBS; index += 1) {
      const start = performance.now();
      await server.client.workflow.execute('emptySteps', {
        workflowId: randomUUID(),
        taskQueue: 'bench',
        args: [STEPS],
      });
      times.push(performance.now() - start);
    }
    // The first one includes the start of the sandbox.
    return times.slice(1);
  });
}
