import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ignoreFailure, isDiskFull, PipelineError, storageFull } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import { confine, type SlotAccess, type SlotCommand, signalOf } from './confinement.ts';
import { createSlotFolder, type SlotFiles, type SlotFolder, type StagedRun } from './slot-folder.ts';
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
  /** Which properties of an input are paths. The child gets no other files. */
  files?: SlotFiles;
  /** Default: its code, and the folder that it gets. */
  access?: SlotAccess;
  /** Where it gets a folder of its own. Default: the system's folder for temporary files. */
  scratch?: string;
  limits: { memoryMb: number; cpuS: number };
  logger: Logger;
}

/** One child process. */
export interface SlotChild {
  readonly pid: number | undefined;
  readonly confinedBy: SlotCommand['confinedBy'];
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

/** A child that cannot be started, for example because its disk is full, is returned as one that has ended. */
export function startSlotChild(options: SlotChildOptions): SlotChild {
  let folder: SlotFolder | undefined;
  try {
    folder = createSlotFolder(options.scratch ?? tmpdir(), options.name, options.files ?? {});
    return startIn(folder, options);
  } catch (thrown) {
    const error = isDiskFull(thrown) ? storageFull(thrown) : (thrown as Error);
    const ready = Promise.reject(error);
    void ignoreFailure(ready, 'nothing may await it');
    return {
      pid: undefined,
      confinedBy: 'node',
      ready,
      ended: folder?.remove() ?? Promise.resolve(),
      run: () => Promise.reject(error),
      kill() {},
      vitals: undefined,
      alive: false,
    };
  }
}

function startIn(folder: SlotFolder, options: SlotChildOptions): SlotChild {
  const { name, task, config, env, logger, limits, access } = options;
  const cache = getCompileCacheDir();
  const taskFolder = fileURLToPath(new URL('.', task));
  const command = confine({ ...access, readable: [taskFolder, ...(access?.readable ?? [])] }, limits, {
    ...folder,
    cache: cache && dirname(cache),
  });
  const child = fork(
    fileURLToPath(new URL('./slot-process.ts', import.meta.url)),
    [name, task.href, JSON.stringify(config)],
    {
      execPath: command.program,
      execArgv: [...command.args, ...NODE_FLAGS],
      env: { ...(cache && { NODE_COMPILE_CACHE: dirname(cache) }), TMPDIR: folder.toWrite, ...env },
      serialization: 'advanced',
      // A group of its own, see `killGroup`.
      detached: true,
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
  let crashed: PipelineError | undefined;
  let running: Promise<unknown> = Promise.resolve();

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
    crashed = crash;
    ready.reject(crash);
    pending?.reject(crash);
    // A run may still be putting files there.
    void running.then(() => folder.remove()).then(ended.resolve);
  };
  child.on('error', (error) => end(error.message, {}));
  // Messages may still arrive after the exit; the channel closes after the last one.
  const closed = new Promise((resolve) => child.once('disconnect', resolve));
  child.once('exit', async (exitCode, ownSignal) => {
    await closed;
    const signal = ownSignal ?? (command.hidesSignals ? signalOf(exitCode ?? 0) : undefined);
    if (signal) {
      end(`killed by ${signal}`, { signal });
    } else {
      end(`exit code ${exitCode}`, { exitCode: exitCode ?? -1 });
    }
  });

  const kill = () => {
    alive = false;
    killGroup(child);
    // bubblewrap leaves the group a moment before it is bound to its parent. One that was killed in between, before it has
    // any file from a stranger, goes when its channel closes.
    setTimeout(() => child.connected && child.disconnect(), SURVIVOR_MS).unref();
  };
  /** A failure of the disk is the caller's. After any other, the process cannot be used or trusted any more. */
  const orKill = (error: unknown): never => {
    if (isDiskFull(error)) {
      throw storageFull(error);
    }
    kill();
    throw error;
  };
  const stage = (inputs: unknown[]) => folder.stage(inputs, () => alive).catch(orKill);
  const deliver = (staged: StagedRun, results: PromiseSettledResult<unknown>[]) =>
    Promise.all(results.map(({ status }, at) => status === 'fulfilled' && staged.deliver(at))).catch(orKill);
  const send = (inputs: unknown[], onProgress: Pending['onProgress']) =>
    new Promise<PromiseSettledResult<unknown>[]>((resolve, reject) => {
      pending = { resolve, reject, onProgress };
      lastId += 1;
      const message: ToSlot = { type: 'run', id: lastId, inputs };
      // Sending fails if the child has just died; its exit rejects the run.
      child.send(message, () => {});
    }).finally(() => {
      pending = undefined;
    });

  const runAll = async (inputs: unknown[], onProgress: Pending['onProgress']) => {
    const staged = await stage(inputs);
    if (crashed) {
      throw crashed;
    }
    // In order, and none after the result.
    let reported = Promise.resolve();
    const report = (at: number, progress: unknown) => {
      reported = reported.then(() => staged.grow()).then(() => onProgress(at, progress));
      void ignoreFailure(reported, 'it is awaited with the result');
    };
    try {
      const results = await send(staged.inputs, report);
      await reported;
      await deliver(staged, results);
      return results;
    } finally {
      await ignoreFailure(reported, 'the run has failed already, and its failure is thrown');
      if (alive && !(await staged.clear())) {
        kill();
      }
    }
  };

  return {
    pid: child.pid,
    confinedBy: command.confinedBy,
    ready: ready.promise,
    ended: ended.promise,
    run(inputs, onProgress) {
      const run = runAll(inputs, onProgress);
      running = ignoreFailure(run, 'its caller gets the failure');
      return run;
    },
    kill,
    get vitals() {
      return vitals;
    },
    get alive() {
      return alive;
    },
  };
}

const SURVIVOR_MS = 1_000;

/**
 * Until bubblewrap has set up its namespaces, its second process does not end with the first. Later it leaves the group, but
 * then it does.
 */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) {
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
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
