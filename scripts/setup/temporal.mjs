import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { runStep, say } from './step.mjs';

const TEMPORAL_CLI_VERSION = '1.5.1';
/**
 * The name that `src/temporal/binary.ts` looks for. The number after the version counts changes in how it is built: with
 * a new name, every machine installs it again.
 */
const TEMPORAL_PROGRAM = `temporal-${TEMPORAL_CLI_VERSION}-2`;
const MODULE = 'github.com/temporalio/cli';
/**
 * The driver of Temporal's database. The published CLI has 1.34.1, which leaks a query if its caller gives up at the
 * wrong moment: the write-ahead log grows from then on, and after another such moment the server stops responding.
 * 1.51.0 is the next version that Temporal itself adopted.
 */
const SQLITE = 'modernc.org/sqlite@v1.51.0';
const EXE = process.platform === 'win32' ? '.exe' : '';
const CONNECT_MS = 20_000;
const DOWNLOAD_MS = 10 * 60_000;

/**
 * Looks in the same places as `src/temporal/binary.ts`, in the same order.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} a path, or the address of a running server
 */
export function findTemporal(env) {
  const onPath = (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, `temporal${EXE}`));
  return env.TEMPORAL_ADDRESS || [...onPath, cachedTemporal(env)].find(isExecutable);
}

/** @param {NodeJS.ProcessEnv} env */
export function cachedTemporal(env) {
  return cachedProgram(TEMPORAL_PROGRAM, env);
}

/**
 * Path of a program that is built or downloaded for this machine.
 *
 * @param {string} name with its version
 * @param {NodeJS.ProcessEnv} env
 */
export function cachedProgram(name, env) {
  const cacheHome =
    env.XDG_CACHE_HOME || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return join(cacheHome, 'limelight', 'bin', `${name}${EXE}`);
}

/**
 * Puts the Temporal CLI into the user's cache. Builds it if Go is installed, for the newer driver; else lets Temporal's
 * SDK download it.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export async function installTemporal(root, env) {
  const target = cachedTemporal(env);
  await withLock(`${target}.lock`, async () => {
    if (isExecutable(target)) {
      return; // another clone's setup has put it there meanwhile
    }
    const failures = [];
    for (const obtain of [build, download]) {
      const folder = mkdtempSync(join(mkdirp(dirname(target)), '.partial-'));
      const remove = () => rmSync(folder, { recursive: true, force: true });
      process.once('exit', remove);
      try {
        await obtain(root, folder, env);
        // Renamed when complete, so that a partial program is never found.
        renameSync(runnableIn(folder), target);
        return;
      } catch (error) {
        failures.push(`- ${error.message}`);
      } finally {
        process.off('exit', remove);
        remove();
      }
    }
    throw new Error(
      [
        'No Temporal server could be installed.',
        ...failures,
        'One of these helps:',
        '  1. install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH',
        '  2. install Go (https://go.dev/dl), from which the next run builds it',
        '  3. set TEMPORAL_ADDRESS=host:port to use a Temporal server that runs already',
      ].join('\n'),
    );
  });
}

async function download(root, folder) {
  say(`downloading the Temporal CLI ${TEMPORAL_CLI_VERSION}, usually 10 to 60 seconds`);
  const script = fileURLToPath(new URL('download-temporal.mjs', import.meta.url));
  const node = join(root, 'node_modules/.bin/node');
  try {
    await runStep('downloading the Temporal CLI', [node, script, `v${TEMPORAL_CLI_VERSION}`, folder], {
      shell: process.platform === 'win32',
      giveUp: (elapsedMs) =>
        elapsedMs > DOWNLOAD_MS
          ? `no download within ${DOWNLOAD_MS / 60_000} minutes`
          : elapsedMs > CONNECT_MS && readdirSync(folder).length === 0
            ? `no answer within ${CONNECT_MS / 1000} s`
            : undefined,
    });
  } catch (error) {
    const lines = error.message.split('\n');
    // The SDK wraps the error several times. The innermost message is the most specific.
    const reason = lines[0].startsWith('no ') ? lines[0] : lines.at(-1).split(': ').slice(-2).join(': ');
    throw new Error(`Download: ${reason}`);
  }
}

async function build(_root, folder, env) {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    throw new Error('Build: Go is not installed (no `go` on PATH)');
  }
  say(
    `building the Temporal CLI ${TEMPORAL_CLI_VERSION} with Go, 4 to 5 minutes on two cores, once on this machine`,
  );
  // As a dependency of an empty module it can be built with another driver than its own go.mod names.
  const module = mkdirp(join(folder, 'module'));
  const version = `-X ${MODULE}/temporalcli.Version=${TEMPORAL_CLI_VERSION}`;
  const program = join(folder, `temporal${EXE}`);
  try {
    for (const args of [
      ['mod', 'init', 'limelight-temporal'],
      ['get', `${MODULE}/cmd/temporal@v${TEMPORAL_CLI_VERSION}`, SQLITE],
      ['build', `-ldflags=-s -w ${version}`, '-o', program, `${MODULE}/cmd/temporal`],
    ]) {
      await runStep('building the Temporal CLI', ['go', ...args], { cwd: module, env });
    }
  } catch (error) {
    say(`the build failed (${error.message.split('\n').at(-1)})`);
    throw new Error(`Build: ${error.message}`);
  }
}

function runnableIn(folder) {
  const name = readdirSync(folder).find(
    (file) => file.startsWith('temporal') && !file.endsWith('.downloading'),
  );
  if (!name) {
    throw new Error(`Expected a program in ${folder} but found none`);
  }
  const path = join(folder, name);
  execFileSync(path, ['--version'], { stdio: 'ignore' });
  return path;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function mkdirp(folder) {
  mkdirSync(folder, { recursive: true });
  return folder;
}
