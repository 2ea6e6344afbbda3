import { fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FromSlot, SlotError, SlotResult, SlotVitals, ToSlot } from './slot-protocol.ts';

export interface SlotChildOptions {
  /** Shown in process lists, logs and messages. */
  name: string;
  /** The module that exports `createTask`. */
  task: URL;
  /** Argument of `createTask`. Plain data without secrets: process lists show it to all users of the machine. */
  config: unknown;
  /** The child's whole environment. It opens files from strangers, so it gets none of the parent's secrets. */
  env: Record<string, string>;
  logger: Logger;
}

/** One child process. */
export interface SlotChild {
  readonly pid: number | undefined;
  /** Facts of the self-test. Rejects with the child's startup error, or with SLOT_CRASHED if it dies first. */
  readonly ready: Promise<SlotSnapshot['facts']>;
  /** Resolves when the process has ended. Never rejects. */
  readonly ended: Promise<void>;
  /**
   * One call at a time, after `ready`. Resolves to the result or error of each input. Rejects with SLOT_CRASHED if the
   * process dies.
   */
  run(
    inputs: unknown[],
    onProgress: (at: number, progress: unknown) => void,
  ): Promise<PromiseSettledResult<unknown>[]>;
  kill(): void;
  /** As of the last message. */
  readonly vitals: SlotVitals | undefined;
  /** False once the process ended or `kill` was called. */
  readonly alive: boolean;
}

interface Pending {
  resolve(results: PromiseSettledResult<unknown>[]): void;
  reject(error: Error): void;
  onProgress(at: number, progress: unknown): void;
}

/**
 * V8 frees the large buffers of frames, tensors and packets with its young generation. A small one is collected often,
 * which saves 65 MB on a talk of one minute and costs no time.
 */
export const NODE_FLAGS = ['--max-semi-space-size=4'];

export function startSlotChild({ name, task, config, env, logger }: SlotChildOptions): SlotChild {
  const cache = getCompileCacheDir();
  const child = fork(
    fileURLToPath(new URL('./slot-process.ts', import.meta.url)),
    [name, task.href, JSON.stringify(config)],
    {
      execArgv: NODE_FLAGS,
      env: { ...(cache && { NODE_COMPILE_CACHE: dirname(cache) }), ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const ready = Promise.withResolvers<SlotSnapshot['facts']>();
  const ended = Promise.withResolvers<void>();
  void ignoreFailure(ready.promise, 'the process may end while nothing awaits `ready`');
  let pending: Pending | undefined;
  let lastId = 0;
  let vitals: SlotVitals | undefined;
  let alive = true;

  for (const output of [child.stdout, child.stderr]) {
    logLines(output, logger.child({ slot: name, slotPid: child.pid }));
  }

  child.on('message', (message: FromSlot) => {
    if ('vitals' in message) {
      vitals = message.vitals;
    }
    if (message.type === 'ready') {
      ready.resolve(message.facts);
    } else if (message.type === 'refused') {
      ready.reject(fromSlotError(message.error));
    } else if (message.type === 'progress') {
      pending?.onProgress(message.at, message.progress);
    } else {
      pending?.resolve(message.results.map(toSettled));
    }
  });

  const end = (how: string, details: Record<string, string | number>) => {
    const crash = new PipelineError('SLOT_CRASHED', `The ${name} process ${child.pid} ended: ${how}`, {
      details: { slot: name, ...details },
    });
    alive = false;
    ready.reject(crash);
    pending?.reject(crash);
    ended.resolve();
  };
  child.on('error', (error) => end(error.message, {}));
  // Messages may still arrive after the exit; the channel closes after the last one.
  const closed = new Promise((resolve) => child.once('disconnect', resolve));
  child.once('exit', async (exitCode, signal) => {
    await closed;
    if (signal) {
      end(`killed by ${signal}`, { signal });
    } else {
      end(`exit code ${exitCode}`, { exitCode: exitCode ?? -1 });
    }
  });

  return {
    pid: child.pid,
    ready: ready.promise,
    ended: ended.promise,
    run: (inputs, onProgress) =>
      new Promise<PromiseSettledResult<unknown>[]>((resolve, reject) => {
        pending = { resolve, reject, onProgress };
        lastId += 1;
        const message: ToSlot = { type: 'run', id: lastId, inputs };
        // Sending fails if the child has just died; its exit rejects the run.
        child.send(message, () => {});
      }).finally(() => {
        pending = undefined;
      }),
    kill: () => {
      alive = false;
      child.kill('SIGKILL');
    },
    get vitals() {
      return vitals;
    },
    get alive() {
      return alive;
    },
  };
}

function toSettled(answer: SlotResult): PromiseSettledResult<unknown> {
  return 'error' in answer
    ? { status: 'rejected', reason: fromSlotError(answer.error) }
    : { status: 'fulfilled', value: answer.result };
}

function fromSlotError({ code, message, stack, details }: SlotError): Error {
  const error = code ? new PipelineError(code, message, details ? { details } : {}) : new Error(message);
  if (stack !== undefined) {
    error.stack = stack;
  }
  return error;
}

/**
 * Logs what native code prints. It is mostly about damaged uploads, so it is no warning; a crash is reported elsewhere.
 */
function logLines(output: Readable | null, logger: Logger): void {
  if (output) {
    createInterface({ input: output }).on('line', (line) => logger.info({ line }, 'Slot output'));
  }
}
