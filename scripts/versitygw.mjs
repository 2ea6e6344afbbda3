/**
 * `node scripts/versitygw.mjs`: prints the path of versitygw, the S3 server of the tests, in the user's cache. Builds it
 * with Go if it is missing. Exit code 3: Go is not installed.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { cachedProgram, installProgram, isExecutable } from './setup/cached-program.mjs';
import { runStep, say } from './setup/step.mjs';

const VERSION = '1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
const NO_GO = 3;

const target = cachedProgram(`versitygw-${VERSION}`, process.env);
if (!isExecutable(target)) {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    say('versitygw, the S3 server of the tests, is built with Go, but there is no `go` on the PATH');
    process.exit(NO_GO);
  }
  await installProgram(target, build);
}
process.stdout.write(`${target}\n`);

async function build(folder) {
  say(`building versitygw ${VERSION} with Go, one to two minutes, once on this machine`);
  await runStep('building versitygw', ['go', 'install', '-ldflags=-s -w', MODULE], {
    env: { ...process.env, GOBIN: folder },
  });
  return join(folder, 'versitygw');
}
