/** A worker that is there to be killed: the real workflow and the real activities for D-ID. Arguments as JSON. */
import { NativeConnection } from '@temporalio/worker';
import { Agent } from 'undici';
import { withFailureBoundary } from '../../src/activities/boundary.ts';
import { createRemoteTalkActivities } from '../../src/activities/remote-talk.ts';
import { dIdAt } from '../harness/d-id-at.ts';
import { createTwoFileStore } from '../harness/d-id-harness.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { startWorkers } from '../harness/workers.ts';
import type { ChaosWorkerOptions } from './kill-workers.ts';

const { temporal, dId, apiKey, folder, terms } = JSON.parse(process.argv[2]!) as ChaosWorkerOptions;

const connection = await NativeConnection.connect({ address: temporal });
const dispatcher = new Agent({ connect: { timeout: 3_000 }, headersTimeout: 5_000, bodyTimeout: 5_000 });
const activities = withFailureBoundary({
  ...happyActivities(),
  ...createRemoteTalkActivities({
    store: await createTwoFileStore(folder),
    provider: dIdAt({ url: dId, dispatcher, apiKey }),
    terms,
  }),
});
await startWorkers({ workerConnection: connection, namespace: 'default' }, activities);
process.stdout.write('ready\n');
