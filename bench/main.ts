/** `npm run bench [-- NAME …] [--json]` */
import { parseArgs } from 'node:util';
import { reportError } from '../src/cli/report-error.ts';
import { useJson } from '../src/cli/terminal/output.ts';
import { PipelineError } from '../src/errors.ts';
import { type Bench, isMet, type Row } from './bench.ts';
import { burst } from './burst.ts';
import { dId } from './d-id.ts';
import { encryption } from './encryption.ts';
import { exitOnSignals } from './exit-on-signals.ts';
import { models } from './models.ts';
import { observation } from './observation.ts';
import { orchestration } from './orchestration.ts';
import { preview } from './preview.ts';
import { progress } from './progress.ts';
import { refusals } from './refusals.ts';
import { renderer } from './renderer.ts';
import { retention } from './retention.ts';
import { stages } from './stages.ts';
import { storage } from './storage.ts';
import { submits } from './submits.ts';

const BENCHES: Bench[] = [
  orchestration,
  observation,
  encryption,
  progress,
  burst,
  refusals,
  stages,
  preview,
  models,
  renderer,
  dId,
  storage,
  retention,
  submits,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  const lines = BENCHES.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`);
  process.stdout.write(`Usage: npm run bench -- [--json] [NAME …]\n\n${lines.join('\n')}\n`);
  process.exit();
}
useJson(values.json);
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const known = BENCHES.map(({ name }) => name).join(', ');
  const fault = new PipelineError(
    'INPUT_INVALID',
    `There is no bench ${unknown.join(', ')}. There are: ${known}.`,
  );
  process.exit(reportError(fault, 'limelight bench'));
}

exitOnSignals();

const results: Record<string, Row[] | { unavailable: string }> = {};
for (const bench of BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const unavailable = bench.unavailable?.();
  if (!values.json) process.stdout.write(`\n${bench.name}: ${bench.title}\n`);
  if (unavailable) {
    results[bench.name] = { unavailable };
    if (!values.json) process.stdout.write(`  not run: ${unavailable}\n`);
    continue;
  }
  const run = bench.run();
  const all: Row[] = [];
  for await (const rows of Symbol.asyncIterator in run ? run : [await run]) {
    all.push(...rows);
    if (!values.json) process.stdout.write(rows.map(toLine).join(''));
  }
  results[bench.name] = all;
}
if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);

function toLine(row: Row): string {
  const target =
    row.atMost !== undefined
      ? `at most ${row.atMost}`
      : row.atLeast !== undefined
        ? `at least ${row.atLeast}`
        : '';
  const verdict = { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(row)) as 'true'];
  const value = Number.isInteger(row.value) ? String(row.value) : row.value.toFixed(row.value < 10 ? 2 : 1);
  return `  ${row.what.padEnd(58)} ${value.padStart(9)} ${row.unit.padEnd(7)} ${target.padEnd(14)} ${verdict}\n`;
}
