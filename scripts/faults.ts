/**
 * Runs whole jobs for D-ID with its emulator with random faults: `npm run faults -- --seed 1 --count 2000`. The same
 * seed gives the same faults.
 */
import { parseArgs } from 'node:util';
import {
  mostTalksInFlight,
  PLACES,
  runSequences,
  type SequenceResult,
} from '../test/chaos/fault-sequences.ts';
import { createDIdHarness } from '../test/harness/d-id-harness.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '2000' },
    'at-once': { type: 'string', default: '24' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
const atOnce = Number(values['at-once']);
if (![seed, count, atOnce].every((value) => Number.isInteger(value) && value >= 0)) {
  process.stderr.write('Expected whole numbers: --seed S --count N [--at-once N] [--json]\n');
  process.exit(2);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const startedAt = performance.now();
let done = 0;

const results = await run();
const wrong = results.filter(({ problems }) => problems.length > 0);
const summary = {
  seed,
  count,
  ends: Object.fromEntries(countBy(results, ({ end }) => end)),
  paid_talks: results.reduce((sum, { paidTalks }) => sum + paidTalks, 0),
  most_paid_talks_of_a_job: Math.max(...results.map(({ paidTalks }) => paidTalks)),
  most_talks_at_a_time: mostTalksInFlight(results),
  places: PLACES,
  faults: results.reduce((sum, { faults }) => sum + faults, 0),
  seconds: Math.round((performance.now() - startedAt) / 1000),
  failed_seeds: wrong.map((result) => result.seed),
};
say(
  values.json
    ? JSON.stringify({ ...summary, results: results.map(({ talks: _, ...result }) => result) })
    : JSON.stringify(summary, null, 2),
);
process.exit(wrong.length > 0 || summary.most_talks_at_a_time > PLACES ? 1 : 0);

async function run(): Promise<SequenceResult[]> {
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    terms: { maxTalksInFlight: PLACES },
  });
  return await runSequences(harness, { seed, count, atOnce, onResult: tell });
}

function tell(result: SequenceResult): void {
  done += 1;
  if (values.json) {
    return;
  }
  for (const problem of result.problems) {
    say(`seed ${result.seed}: ${problem}. Again: npm run faults -- --seed ${result.seed} --count 1`);
  }
  if (done % 50 === 0) {
    say(`${done} of ${count}`);
  }
}

function countBy<T>(items: T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  }
  return counts;
}
