/** Worker of one remote provider, to be killed. Its argument is `RemoteWorkerOptions` as JSON. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { parseConfig } from '../../src/config/config.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { ProviderDescriptor } from '../../src/ports/provider.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createRemoteProviderWorkers } from '../../src/workers/remote-provider-worker.ts';

export interface RemoteWorkerOptions {
  temporal: { address: string; namespace: string };
  /** Module that exports the descriptor under this name. */
  module: string;
  name: string;
  env: Record<string, string>;
  /** Folder of the object store. */
  root: string;
  portrait: string;
  voice: string;
}

// Activities fail on purpose here.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const options = JSON.parse(process.argv[2]!) as RemoteWorkerOptions;
const exported = (await import(options.module)) as Record<string, ProviderDescriptor>;
const registry = [exported[options.name]!];
const connection = await NativeConnection.connect({ address: options.temporal.address });
// The stages before this one store no real pictures and voices.
const store: ObjectStore = {
  ...createFileStore({ root: options.root }),
  localPath: async (key) => (key.endsWith('.wav') ? options.voice : options.portrait),
};
const workers = await createRemoteProviderWorkers(
  { connection, namespace: options.temporal.namespace, store },
  registry,
  parseConfig(options.env, registry).providers,
  new AsyncDisposableStack(),
);
process.stdout.write('ready\n');
await Promise.all(workers.map((worker) => worker.run()));
