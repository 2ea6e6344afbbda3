import { Worker, type WorkerOptions } from '@temporalio/worker';
import { QUEUES } from '../../src/contracts/queues.ts';
import { loadWorkflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { WORKER_DEFAULTS } from '../../src/workers/lifecycle.ts';
import { allQueues } from './providers.ts';
import type { TestServer } from './temporal-server.ts';

/**
 * A worker for each queue, with the same activities; the one of the pipeline runs the workflows. They stop when disposed.
 *
 * @param toOptions of the worker of a queue, over those that every worker has
 */
export async function startWorkers(
  {
    workerConnection,
    namespace,
    payloadKeys = [],
  }: Pick<TestServer, 'workerConnection' | 'namespace'> & Partial<Pick<TestServer, 'payloadKeys'>>,
  activities: object,
  {
    queues = allQueues(),
    toOptions = () => ({}),
  }: { queues?: readonly string[]; toOptions?: (taskQueue: string) => Partial<WorkerOptions> } = {},
): Promise<AsyncDisposable> {
  const workflowBundle = await loadWorkflowBundle({ encryptsFailures: payloadKeys.length > 0 });
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      Worker.create({
        ...WORKER_DEFAULTS,
        connection: workerConnection,
        namespace,
        taskQueue,
        activities,
        ...(taskQueue === QUEUES.pipeline && { workflowBundle }),
        ...toOptions(taskQueue),
      }),
    ),
  );
  const runs = workers.map((worker) => worker.run());
  return {
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}
