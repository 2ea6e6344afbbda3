/** `npm run schemathesis [-- --seed 1 --examples 600]`: tests the API against its description with random requests and sequences. */
import { parseArgs } from 'node:util';
import { startPipelineWorker } from '../test/harness/api/pipeline-worker.ts';
import { startTestApi } from '../test/harness/api/test-api.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import { prepareSchemathesis, runSchemathesis } from '../test/schemathesis/run-schemathesis.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, examples: { type: 'string', default: '600' } },
});
const program = await prepareSchemathesis();
await using server = await startTestServer();
await using api = await startTestApi(server.client, { access: { rate: { perS: 1e6, burst: 1e6 } } });
await using _worker = await startPipelineWorker(server, api);
const { exitCode, report } = await runSchemathesis(program, {
  url: api.url,
  seed: Number(values.seed),
  maxExamples: Number(values.examples),
  phases: 'examples,coverage,fuzzing,stateful',
});
process.stdout.write(report);
process.exitCode = exitCode;
