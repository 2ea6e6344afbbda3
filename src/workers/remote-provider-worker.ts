import { type NativeConnection, Worker } from '@temporalio/worker';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createRemoteTalkActivities } from '../activities/remote-talk.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { ProviderDescriptor, RemoteSettings } from '../ports/provider.ts';
import { WORKER_DEFAULTS } from './lifecycle.ts';

export interface RemoteProviderWorkerDeps {
  connection: NativeConnection;
  namespace: string;
  store: ObjectStore;
}

/** A worker for each remote provider that is set up. Their connections close with `resources`. */
export async function createRemoteProviderWorkers(
  { connection, namespace, store }: RemoteProviderWorkerDeps,
  providers: readonly ProviderDescriptor[],
  settingsByName: Readonly<Record<string, RemoteSettings>>,
  resources: AsyncDisposableStack,
): Promise<Worker[]> {
  const workers: Worker[] = [];
  for (const descriptor of providers) {
    const settings = settingsByName[descriptor.name];
    if (descriptor.kind === 'remote' && settings) {
      const provider = resources.use(await descriptor.open(settings));
      const { terms, requestsPerS } = settings;
      workers.push(
        await Worker.create({
          ...WORKER_DEFAULTS,
          connection,
          namespace,
          taskQueue: descriptor.name,
          activities: withFailureBoundary(createRemoteTalkActivities({ store, provider, terms })),
          // Temporal limits the queue, not this process.
          maxTaskQueueActivitiesPerSecond: requestsPerS,
        }),
      );
    }
  }
  return workers;
}
