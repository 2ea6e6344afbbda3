/**
 * Preloaded with `--import` into tests, and through them into every process and thread that they start, while coverage
 * is measured. Writes what V8 counted in this project's code into the folder LIMELIGHT_COVERAGE, every second: most of
 * these processes are killed in the end.
 */
import { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_MS = 1_000;
const SOURCE = new URL('../../../src/', import.meta.url).href;
const { LIMELIGHT_COVERAGE: folder } = process.env;

passOn({ LIMELIGHT_COVERAGE: folder, NODE_OPTIONS: `--import ${import.meta.url}` });
// Vitest counts in its own thread.
if (!isMainThread || !/[\\/]node_modules[\\/]vitest[\\/]/.test(process.argv[1] ?? '')) {
  record();
}

/** To all child processes, also to slots, which are confined and whose environment is none of ours otherwise. */
function passOn(variables) {
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function (options) {
    options.envPairs?.push(...Object.entries(variables).map(([name, value]) => `${name}=${value}`));
    options.args = options.args?.flatMap((arg) => {
      if (arg === '--permission') {
        return [
          ...[arg, '--allow-inspector', `--allow-fs-read=${import.meta.dirname}`],
          ...[`--allow-fs-read=${folder}`, `--allow-fs-write=${folder}`],
        ];
      }
      if (arg === '--remount-ro') {
        return ['--ro-bind', import.meta.dirname, import.meta.dirname, '--bind', folder, folder, arg];
      }
      if (arg === '--seccomp-filter') {
        return [
          ...['--landlock-rule', `path-beneath:read-file,read-dir:${import.meta.dirname}`],
          ...['--landlock-rule', `path-beneath:read-file,read-dir,write-file,make-reg,remove-file:${folder}`],
          arg,
        ];
      }
      return arg;
    });
    return spawn.call(this, options);
  };
}

function record() {
  const session = new inspector.Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  // Confined processes may all have the same id.
  const name = randomUUID();
  let files = 0;
  // Each call sets the counters to 0, so that the files add up.
  const write = () =>
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      const result = error ? [] : coverage.result.filter(isOurs);
      if (result.length > 0) {
        const path = join(folder, `${name}-${files++}`);
        writeFileSync(path, JSON.stringify({ result }));
        // A process may be killed while it writes.
        renameSync(path, `${path}.json`);
      }
    });
  setInterval(write, INTERVAL_MS).unref();
  process.on('exit', write);
}

/** Source files, and the bundle of them that runs in Temporal's sandbox. */
function isOurs({ url }) {
  return url.startsWith(SOURCE) || url.includes('workflow-bundle-');
}
