import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SupervisedOptions {
  /** The entry point to run. It drains and exits by itself after SIGTERM. */
  script: URL;
  /** The whole environment of the process, asked for at each start of it. */
  env(): NodeJS.ProcessEnv;
  /** Every line that the process prints, whichever of its lives it is in. */
  onLine(line: string): void;
  /** The process ended without being told to. `restartInMs` is when it will be there again. */
  onDeath(death: { exitCode: number | null; signal: NodeJS.Signals | null; restartInMs: number }): void;
  /** Wait before the first restart; doubled with each death that follows soon. Default: 250 ms. */
  firstRestartMs?: number;
  /** Default: 15 s. */
  maxRestartMs?: number;
  /** A process that lived this long starts again with the first wait. Default: 30 s. */
  stableMs?: number;
}

export interface SupervisedProcess extends AsyncDisposable {
  /** Absent while it waits to be restarted. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Has the process read its settings again. */
  reload(): void;
  /** SIGTERM, then SIGKILL after `timeoutMs`. Resolves when the process is gone; it does not come back. */
  stop(timeoutMs: number): Promise<void>;
}

const DISPOSE_TIMEOUT_MS = 10_000;
/** For the last lines of a process that is gone; a process of its own may hold the pipes open for ever. */
const LAST_LINES_MS = 500;
const SUPERVISED_PROCESS = fileURLToPath(new URL('./supervised-process.ts', import.meta.url));

/**
 * By itself V8 lets the young generation grow to 96 MB before it tidies up: the retention of 100,000 objects then takes
 * 270 MB in place of 170.
 */
export const NODE_FLAGS = ['--max-semi-space-size=8'];

/** Keeps one process running until it is stopped: whatever ends it, it is started again, a little later each time. */
export function supervise(options: SupervisedOptions): SupervisedProcess {
  const { firstRestartMs = 250, maxRestartMs = 15_000, stableMs = 30_000 } = options;
  let child: ChildProcess | undefined;
  let restartTimer: NodeJS.Timeout | undefined;
  let waitMs = firstRestartMs;
  let restarts = 0;
  let stopping = false;

  const start = () => {
    const startedAt = Date.now();
    const started = startChild(options);
    child = started;
    started.once('exit', (exitCode, signal) => {
      child = undefined;
      if (stopping) {
        return;
      }
      waitMs = Date.now() - startedAt >= stableMs ? firstRestartMs : waitMs;
      options.onDeath({ exitCode, signal, restartInMs: waitMs });
      restartTimer = setTimeout(() => {
        restarts += 1;
        start();
      }, waitMs);
      waitMs = Math.min(waitMs * 2, maxRestartMs);
    });
  };

  // An exit of ours that nobody saw coming must not leave processes behind.
  const killOnExit = () => child?.kill('SIGKILL');
  process.once('exit', killOnExit);
  start();

  const stop = async (timeoutMs: number) => {
    stopping = true;
    clearTimeout(restartTimer);
    process.off('exit', killOnExit);
    if (child) {
      const running = child;
      const closed = once(running, 'close');
      running.kill('SIGTERM');
      const killTimer = setTimeout(() => running.kill('SIGKILL'), timeoutMs);
      await closed;
      clearTimeout(killTimer);
    }
  };

  return {
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    reload: () => child?.kill('SIGHUP'),
    stop,
    [Symbol.asyncDispose]: () => stop(DISPOSE_TIMEOUT_MS),
  };
}

function startChild({ script, env, onLine }: SupervisedOptions): ChildProcess {
  const child = fork(SUPERVISED_PROCESS, [script.href], {
    execArgv: NODE_FLAGS,
    env: env(),
    // A group of its own: Ctrl-C in the terminal must not reach all processes at once, they drain in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const output of [child.stdout, child.stderr]) {
    if (output) {
      createInterface({ input: output }).on('line', onLine);
      child.once('exit', () => setTimeout(() => output.destroy(), LAST_LINES_MS).unref());
    }
  }
  return child;
}
