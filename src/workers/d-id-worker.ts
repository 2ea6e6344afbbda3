import { type NativeConnection, Worker } from '@temporalio/worker';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createRemoteTalkActivities } from '../activities/remote-talk.ts';
import type { Config } from '../config/config.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { openDId } from '../providers/d-id/open-d-id.ts';
import { WORKER_DEFAULTS } from './lifecycle.ts';

export interface DIdWorkerDeps {
  connection: NativeConnection;
  namespace: string;
  store: ObjectStore;
}

/** The worker that talks to D-ID, where there is a key; its connections go with `resources`. */
export async function createDIdWorkers(
  { connection, namespace, store }: DIdWorkerDeps,
  { apiKey, ...dId }: Config['dId'],
  resources: AsyncDisposableStack,
): Promise<Worker[]> {
  if (!apiKey) {
    return [];
  }
  const provider = resources.use(openDId({ ...dId, apiKey }));
  const worker = await Worker.create({
    ...WORKER_DEFAULTS,
    connection,
    namespace,
    taskQueue: QUEUES.dId,
    activities: withFailureBoundary(createRemoteTalkActivities({ store, provider, terms: dId.terms })),
    // Temporal counts them for the queue, not for this process.
    maxTaskQueueActivitiesPerSecond: dId.requestsPerS,
  });
  return [worker];
}
