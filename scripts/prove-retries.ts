/**
 * Retries, cancels, closes and erases tasks in random orders while their workers are killed, and compares them with a model:
 * `npm run prove:retries -- --seed 1 --count 200`. A failure prints its seed and path; `--seed S --path P` replays it alone.
 */
import { parseArgs } from 'node:util';
import { startTestServer } from '../test/harness/temporal-server.ts';
import { runOrders } from '../test/integration/retry-orders/run-orders.ts';
import { openRetryWorld } from '../test/integration/retry-orders/world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    path: { type: 'string' },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
if (![seed, count].every(Number.isInteger) || count < 1) {
  process.stderr.write('Expected whole numbers: --seed S --count N [--path P]\n');
  process.exit(2);
}

const startedAt = performance.now();
let requests = 0;
await using server = await startTestServer();
await using world = await openRetryWorld(server);
await runOrders(world, {
  seed,
  count,
  path: values.path,
  onStep(line) {
    requests += 1;
    process.stdout.write(`${line}\n`);
  },
});
const seconds = Math.round((performance.now() - startedAt) / 1000);
process.stdout.write(`${requests - count} steps of ${count} tasks as the model says, in ${seconds} s\n`);
