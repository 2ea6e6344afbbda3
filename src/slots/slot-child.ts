import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FromSlot, SlotError, SlotResult, SlotVitals, ToSlot } from './slot-protocol.ts';

export interface SlotChildOptions {
  /** Shown in process lists, logs and messages. */
  name: string;
  /** The module that exports `createTask`. */
  task: URL;
  /** What `createTask` is called with. Plain data, no secrets: other users of the machine see it in process lists. */
  config: unknown;
  /** The whole environment of the child, which opens files of strangers and needs no secret of the parent's. */
  env: Record<string, string>;
  logger: Logger;
}

/** One child process, from its start to its end. */
export interface SlotChild {
  readonly pid: number | undefined;
  /** Facts of the self-test. Rejects with the child's refusal, or with SLOT_CRASHED when it dies before. */
  readonly ready: Promise<SlotSnapshot['facts']>;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  /**
   * One call at a time, after `ready`: what came of each input, its result or the task's error. Rejects with SLOT_CRASHED
   * when the process dies.
   */
  run(
    inputs: unknown[],
    onProgress: (at: number, progress: unknown) => void,
  ): Promise<PromiseSettledResult<unknown>[]>;
  kill(): void;
  /** As the last answer told. */
  readonly vitals: SlotVitals | undefined;
  /** False from `kill` or the end on. */
  readonly alive: boolean;
}

interface Pending {
  resolve(results: PromiseSettledResult<unknown>[]): void;
  reject(error: Error): void;
  onProgress(at: number, progress: unknown): void;
}

/**
 * Frames, tensors and packets are garbage in large buffers that V8 frees with its young generation: a small one is emptied
 * often, and a talk of a minute takes 65 MB less, in the same time.
 */
export const NODE_FLAGS = ['--max-semi-space-size=4'];

export function startSlotChild({ name, task, config, env, logger }: SlotChildOptions): SlotChild {
  const child = fork(
    fileURLToPath(new URL('./slot-process.ts', import.meta.url)),
    [name, task.href, JSON.stringify(config)],
    { execArgv: NODE_FLAGS, env, serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  const ready = Promise.withResolvers<SlotSnapshot['facts']>();
  const ended = Promise.withResolvers<void>();
  // Whoever waits for it hears of it; the process may also end while nobody does.
  ready.promise.catch(() => {});
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
  // The last messages may arrive after the exit; the channel closes after the last of them.
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
        // A child that died this moment cannot be written to; its end rejects the run.
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
 * What native code prints, such as the last words before an abort. Mostly it is about a stranger's file, and no warning:
 * a slot that dies is one.
 */
function logLines(output: Readable | null, logger: Logger): void {
  if (output) {
    createInterface({ input: output }).on('line', (line) => logger.info({ line }, 'Output of a slot'));
  }
}
