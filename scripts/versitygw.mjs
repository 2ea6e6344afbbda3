/**
 * `node scripts/versitygw.mjs`: prints the path of versitygw, the S3 server of the tests, in the user's cache. Builds it
 * with Go if it is missing. Exit code 3: Go is not installed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { withLock } from './setup/lock.mjs';
import { runStep, say } from './setup/step.mjs';
import { cachedProgram } from './setup/temporal.mjs';

const VERSION = '1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
const NO_GO = 3;

const target = cachedProgram(`versitygw-${VERSION}`, process.env);
if (!existsSync(target)) {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    say('versitygw, the S3 server of the tests, is built with Go, but there is no `go` on the PATH');
    process.exit(NO_GO);
  }
  await withLock(`${target}.lock`, () => (existsSync(target) ? undefined : build(target)));
}
process.stdout.write(`${target}\n`);

async function build(path) {
  mkdirSync(dirname(path), { recursive: true });
  const folder = mkdtempSync(join(dirname(path), '.partial-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    say(`building versitygw ${VERSION} with Go, one to two minutes, once on this machine`);
    await runStep('building versitygw', ['go', 'install', '-ldflags=-s -w', MODULE], {
      env: { ...process.env, GOBIN: folder },
    });
    // Renamed when complete, so that a partial program is never found.
    renameSync(join(folder, process.platform === 'win32' ? 'versitygw.exe' : 'versitygw'), path);
  } finally {
    process.off('exit', remove);
    remove();
  }
}
