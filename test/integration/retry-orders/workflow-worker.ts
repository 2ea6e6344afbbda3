/** A worker that only runs workflows, to be killed. Its arguments are the address and the namespace of Temporal. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { QUEUES } from '../../../src/contracts/queues.ts';
import { startWorkers } from '../../harness/workers.ts';

// Jobs fail on purpose here.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const [, , address, namespace] = process.argv as [string, string, string, string];
const workerConnection = await NativeConnection.connect({ address });
await startWorkers(
  { workerConnection, namespace },
  {},
  // Without a cache, each workflow task replays the whole history, and none waits for a killed worker.
  { queues: [QUEUES.pipeline], toOptions: () => ({ maxCachedWorkflows: 0 }) },
);
process.stdout.write('ready\n');
