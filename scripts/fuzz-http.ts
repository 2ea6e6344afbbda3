/**
 * Sends hostile requests to an API: `npm run fuzz:http -- --count 200000 --seed 7`. Prints the answers, how long its event
 * loop was blocked, and what was left behind. Ends with the request of a finding. The same seed is the same requests.
 */
import { parseArgs } from 'node:util';
import { fuzzHttp } from '../test/fuzz/fuzz-http.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
await using server = await startTestServer();
const report = await fuzzHttp({ server, count: Number(values.count), seed });
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
