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
/** SHA-256 of its sources, as Go writes it. Those of its dependencies come from Go's checksum database. */
const SOURCES = 'h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=';
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
  // An environment may have turned the checks off.
  const checked = { GOSUMDB: 'sum.golang.org', GONOSUMDB: '', GOPRIVATE: '', GOINSECURE: '' };
  await runStep('building versitygw', ['go', 'install', '-ldflags=-s -w', MODULE], {
    env: { ...process.env, ...checked, GOBIN: folder },
  });
  const program = join(folder, 'versitygw');
  const built = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
  if (!built.includes(`\tv${VERSION}\t${SOURCES}\n`)) {
    throw new Error(`the sources of versitygw ${VERSION} are not those with the checksum ${SOURCES}`);
  }
  return program;
}
