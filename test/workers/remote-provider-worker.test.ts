import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { PROVIDERS } from '../../src/providers/registry.ts';
import { connectWorker } from '../../src/temporal/connection.ts';
import { createRemoteProviderWorkers } from '../../src/workers/remote-provider-worker.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const REQUESTS = 24;
const PER_S = 8;

it('keeps all workers together under the configured rate of requests to a provider', async () => {
  await using resources = new AsyncDisposableStack();
  const arrivals: number[] = [];
  const dId = createServer((_, response) => {
    arrivals.push(performance.now());
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ remaining: 10, total: 10, credits: [] }));
  });
  dId.listen(0, '127.0.0.1');
  await once(dId, 'listening');
  resources.defer(() => void dId.close());
  const server = resources.use(await openTestNamespace());
  const config = loadConfig({
    D_ID_API_KEY: 'someone:secret',
    D_ID_API_URL: `http://127.0.0.1:${(dId.address() as AddressInfo).port}`,
    D_ID_REQUESTS_PER_S: String(PER_S),
  });
  // Two workers of one queue in one process need separate connections, like those of two processes.
  const second = await connectWorker(loadConfig(server.env).temporal);
  resources.defer(() => second.close());
  const createWorkers = (connection: NativeConnection) =>
    createRemoteProviderWorkers(
      { connection, namespace: server.namespace, store: {} as ObjectStore },
      PROVIDERS,
      config.providers,
      resources,
    );
  const workers = [
    ...(await createWorkers(server.workerConnection)),
    ...(await createWorkers(second)),
    await Worker.create({
      connection: server.workerConnection,
      namespace: server.namespace,
      taskQueue: 'ask-often',
      workflowsPath: fileURLToPath(new URL('./fixtures/ask-often.ts', import.meta.url)),
    }),
  ];
  const runs = workers.map((worker) => worker.run());

  const startedAt = performance.now();
  await server.client.workflow.execute('askOften', {
    workflowId: randomUUID(),
    taskQueue: 'ask-often',
    args: [REQUESTS],
  });

  for (const worker of workers) worker.shutdown();
  await Promise.all(runs);
  expect(arrivals).toHaveLength(REQUESTS);
  // Temporal lets one second's worth through at once, and the rest at the rate. Measured from before the first could
  // come: a busy machine may hold that one up longer than the last.
  const tookS = (Math.max(...arrivals) - startedAt) / 1000;
  expect((REQUESTS - PER_S) / tookS).toBeLessThanOrEqual(PER_S * 1.1);
});
