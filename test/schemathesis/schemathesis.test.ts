import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PipelineWorker, startPipelineWorker } from '../harness/api/pipeline-worker.ts';
import { startTestApi, type TestApi } from '../harness/api/test-api.ts';
import { needs } from '../harness/needs.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';
import { prepareSchemathesis, runSchemathesis } from './run-schemathesis.ts';

const program = await prepareSchemathesis().catch((error: Error) => error);

needs({ 'python3 and PyPI': typeof program === 'string' }).describe('schemathesis', () => {
  let server: TestServer;
  let api: TestApi;
  let worker: PipelineWorker;

  beforeAll(async () => {
    server = await openTestNamespace();
    api = await startTestApi(server.client, { access: { rate: { perS: 1e6, burst: 1e6 } } });
    worker = await startPipelineWorker(server, api);
  });

  afterAll(async () => {
    await worker[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** `npm run schemathesis` looks longer, with random requests and sequences of them. */
  it('finds nothing that differs from the description, at the bounds of every parameter', async () => {
    const { exitCode, report } = await runSchemathesis(program as string, {
      url: api.url,
      seed: 1,
      maxExamples: 3,
      phases: 'coverage',
    });

    expect(exitCode, report).toBe(0);
    expect(report).toMatch(/Operations:\s+4\d selected/);
  }, 180_000);
});
