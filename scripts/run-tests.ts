/**
 * `npm test`: all tests, with lint and types beside them. `npm run coverage`: the same, and fails if too few lines of `src`
 * ran; the report is `out/coverage/index.html`. `npm test -- VITEST ARGUMENTS` runs vitest alone, such as on one file.
 *
 * The last line counts: `N passed, N failed, N skipped`; lint and types count as one check each. With CI set, a test
 * that is skipped for want of a program fails.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { maySkipInCi, summarize, type VitestReport } from './test-summary.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

const LOWEST_PRIORITY = 19;

/** @returns its exit code; null if it did not start or was killed */
async function run(
  program: string,
  args: string[],
  onOutput?: (text: string) => void,
): Promise<number | null> {
  const script = join(import.meta.dirname, '../node_modules/.bin', program);
  const child = spawn(script, args, {
    stdio: onOutput ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
  });
  if (onOutput) {
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', onOutput);
    if (child.pid) setPriority(child.pid, LOWEST_PRIORITY);
  }
  try {
    const [status] = await once(child, 'close');
    return status;
  } catch (error) {
    say(String(error));
    return null;
  }
}

/** Runs beside the tests, on the time of the CPU that they leave. */
async function check(title: string, program: string, args: string[]) {
  let output = '';
  const status = await run(program, args, (text) => {
    output += text;
  });
  return { title, status, output };
}

const args = process.argv.slice(2);
const isWhole = args.every((arg) => arg === '--coverage');
const checking = Promise.all(
  isWhole
    ? [
        check('lint', 'biome', ['check', '.']),
        check('types', 'tsc', ['--noEmit']),
        check('types of the page', 'tsc', ['--noEmit', '-p', 'web']),
      ]
    : [],
);

const folder = mkdtempSync(join(tmpdir(), 'limelight-tests-'));
const file = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const exitCode = await run('vitest', ['run', ...reporters, ...args]);
const report: VitestReport | undefined = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : undefined;
rmSync(folder, { recursive: true });

const summary = summarize(report, exitCode);
const checks = await checking;
for (const { title, output } of checks) {
  say(`\n== ${title}\n${output}`);
}
const failedChecks = checks.filter(({ status }) => status !== 0).length;
let failed = summary.failed + failedChecks;
if (!report) {
  say('vitest ended before it could report');
}
for (const [reason, names] of summary.skippedFor) {
  const inCi = process.env.CI && !maySkipInCi(reason);
  say(`\nSKIPPED for want of ${reason}: ${names.length}${inCi ? ' (a failure in CI)' : ''}`);
  for (const name of names) {
    say(`  - ${name}`);
  }
  failed += inCi ? names.length : 0;
}
process.exitCode = failed === 0 ? 0 : 1;
say(
  `\n${summary.passed + checks.length - failedChecks} passed, ${failed} failed, ${summary.skipped} skipped`,
);
