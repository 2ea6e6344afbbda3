import { fileResources } from '../file-resources.ts';
import { openTestNamespace, type TestServer } from '../temporal-server.ts';
import { type PipelineWorker, startPipelineWorker } from './pipeline-worker.ts';
import { startTestApi, type TestApi } from './test-api.ts';

export interface TestPipeline {
  server: TestServer;
  api: TestApi;
  worker: PipelineWorker;
}

/** Temporal, the API and a worker for the tests of one file or group; all of them end with its last test. */
export async function startTestPipeline(
  options: Parameters<typeof startTestApi>[1] = {},
): Promise<TestPipeline> {
  const resources = fileResources();
  const server = resources.use(await openTestNamespace());
  const api = resources.use(await startTestApi(server.client, options));
  const worker = resources.use(await startPipelineWorker(server, api, { providers: api.deps.providers }));
  return { server, api, worker };
}
