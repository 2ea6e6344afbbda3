import { setTimeout as delay } from 'node:timers/promises';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import { type SlotChild, type SlotChildOptions, startSlotChild } from './slot-child.ts';

export interface SlotOptions extends SlotChildOptions {
  /** Maximum duration of one run. */
  timeoutMs: number;
  /** Maximum time from the fork to the end of the self-test. */
  startTimeoutMs: number;
  /** The process is replaced after this many runs. Default: never. */
  maxRuns?: number;
  /** The process is replaced if it holds more after a run. Default: never. */
  maxMemoryMb?: number;
}

interface SlotRun {
  /** At most `batch` of them. */
  inputs: unknown[];
  signal: AbortSignal;
  onProgress(at: number, progress: unknown): void;
}

/** Supervises one child process, restarting it when it dies. */
export interface Slot {
  /** Why nothing can run: the last start failed for good, or several in a row failed. */
  readonly failure: Error | undefined;
  /** How many inputs to run at once: the fact `batch` of the self-test. Default: 1. */
  readonly batch: number;
  snapshot(): SlotSnapshot;
  /** Only while idle. Resolves to the result or error of each input. Rejects as `SlotPool.run`. */
  run(run: SlotRun): Promise<PromiseSettledResult<unknown>[]>;
  close(): Promise<void>;
}

/** One crash at startup may be bad luck, for example memory that was still in use. */
const MAX_FAILED_STARTS = 3;
const FIRST_RESTART_DELAY_MS = 250;
const MAX_RESTART_DELAY_MS = 30_000;

/** @param onChange called, asynchronously, when the slot becomes idle or its `failure` changes */
export function keepSlot(options: SlotOptions, onChange: () => void): Slot {
  const { name, timeoutMs, startTimeoutMs, logger } = options;
  const { maxRuns = Number.POSITIVE_INFINITY, maxMemoryMb = Number.POSITIVE_INFINITY } = options;
  const closing = new AbortController();
  let child = startSlotChild(options);
  let state: SlotSnapshot['state'] = 'starting';
  let facts: SlotSnapshot['facts'] = {};
  let failure: Error | undefined;
  let restarts = 0;
  let recycled = 0;
  let runs = 0;
  let busyMs = 0;
  let busySince: number | undefined;
  let runsOfChild = 0;
  let retired = false;

  const becomeIdle = () => {
    state = 'idle';
    onChange();
  };

  /** The reason to replace the process before its next run, if there is one. */
  const findRetireReason = () => {
    const { memoryMb = 0, degraded = false } = child.vitals ?? {};
    if (degraded) {
      return 'its device failed';
    }
    if (memoryMb > maxMemoryMb) {
      return `it holds ${memoryMb} MB`;
    }
    return runsOfChild >= maxRuns ? `it has done ${runsOfChild} runs` : undefined;
  };

  /** Between two runs, so nothing is lost: the next process serves the pool's queue. */
  const retire = (reason: string) => {
    logger.info({ slot: name, slotPid: child.pid, reason }, 'Recycling slot');
    state = 'starting';
    retired = true;
    child.kill();
  };

  const awaitStart = async () => {
    facts = await within(child, child.ready, {
      timeoutMs: startTimeoutMs,
      signal: closing.signal,
      what: `The ${name} process ${child.pid} did not start`,
    });
    failure = undefined;
    logger.info({ slot: name, slotPid: child.pid, ...facts }, 'Slot is ready');
    becomeIdle();
  };

  const keepFilled = async () => {
    let failedStarts = 0;
    while (!closing.signal.aborted) {
      try {
        await awaitStart();
        failedStarts = 0;
      } catch (error) {
        if (closing.signal.aborted) {
          break;
        }
        failedStarts += 1;
        const mayRecover = error instanceof PipelineError && error.retryable;
        if (!mayRecover || failedStarts >= MAX_FAILED_STARTS) {
          failure = error as Error;
          onChange();
        }
        logger.error({ slot: name, err: error, failedStarts }, 'Slot did not start');
      }
      // The memory of a device is free only after the process that held it has ended.
      await child.ended;
      state = 'starting';
      if (failedStarts > 0) {
        const waitMs = Math.min(FIRST_RESTART_DELAY_MS * 2 ** (failedStarts - 1), MAX_RESTART_DELAY_MS);
        const wait = delay(waitMs, undefined, { signal: closing.signal, ref: false });
        await ignoreFailure(wait, 'the slot is closing');
      }
      if (!closing.signal.aborted) {
        child = startSlotChild(options);
        runsOfChild = 0;
        if (retired) {
          recycled += 1;
        } else {
          restarts += 1;
        }
        retired = false;
      }
    }
    await child.ended;
  };
  const filled = keepFilled();

  return {
    get failure() {
      return failure;
    },
    get batch() {
      return Number(facts.batch ?? 1);
    },
    snapshot: () => ({
      pid: child.alive ? child.pid : undefined,
      state,
      memoryMb: child.vitals?.memoryMb,
      restarts,
      recycled,
      runs,
      busyMs: busyMs + (busySince === undefined ? 0 : performance.now() - busySince),
      facts,
    }),
    async run({ inputs, signal, onProgress }) {
      const runner = child;
      state = 'busy';
      runs += inputs.length;
      runsOfChild += inputs.length;
      busySince = performance.now();
      try {
        return await within(runner, runner.run(inputs, onProgress), {
          timeoutMs,
          signal: AbortSignal.any([signal, closing.signal]),
          what: `The ${name} process ${runner.pid} did not finish its run`,
        });
      } finally {
        busyMs += performance.now() - busySince;
        busySince = undefined;
        const reason = findRetireReason();
        if (runner.alive && reason) {
          retire(reason);
        } else if (runner.alive) {
          becomeIdle();
        }
      }
    },
    async close() {
      closing.abort(new PipelineError('SLOT_CRASHED', `The ${name} process was closed`));
      child.kill();
      await filled;
    },
  };
}

/** Awaits the work. If it takes too long or the signal aborts, kills the child and rejects at once. */
async function within<T>(
  child: SlotChild,
  work: Promise<T>,
  { timeoutMs, signal, what }: { timeoutMs: number; signal: AbortSignal; what: string },
): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    child.kill();
    stopped.reject(reason);
  };
  const onAbort = () => stop(signal.reason);
  const onTimeout = () =>
    stop(
      new PipelineError('SLOT_TIMEOUT', `${what} in ${timeoutMs / 1000} s and was replaced`, {
        details: { timeoutMs },
      }),
    );
  const timer = setTimeout(onTimeout, timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
