/**
 * `npm test`: lint, types and all tests. `npm run coverage`: the same, and fails if too few lines of `src` ran; the
 * report is `out/coverage/index.html`. `npm test -- VITEST ARGUMENTS` runs vitest alone, such as on one file.
 *
 * The last line counts: `N passed, N failed, N skipped`; lint and types count as one check each. With CI set, a test
 * that is skipped for want of a program fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { maySkipInCi, summarize, type VitestReport } from './test-summary.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

function run(title: string, program: string, args: string[]): number | null {
  say(`\n== ${title}`);
  const script = join(import.meta.dirname, '../node_modules/.bin', program);
  const { status, error } = spawnSync(script, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) {
    say(error.message);
  }
  return status;
}

const args = process.argv.slice(2);
const isWhole = args.every((arg) => arg === '--coverage');
const checks = !isWhole
  ? []
  : [
      run('lint', 'biome', ['check', '.']),
      run('types', 'tsc', ['--noEmit']),
      run('types of the page', 'tsc', ['--noEmit', '-p', 'web']),
    ];

const folder = mkdtempSync(join(tmpdir(), 'limelight-tests-'));
const file = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const exitCode = run('tests', 'vitest', ['run', ...reporters, ...args]);
const report: VitestReport | undefined = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : undefined;
rmSync(folder, { recursive: true });

const summary = summarize(report, exitCode);
const failedChecks = checks.filter((status) => status !== 0).length;
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
