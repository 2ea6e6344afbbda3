import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import { type SlotChild, type SlotChildOptions, startSlotChild } from './slot-child.ts';

export interface SlotOptions extends SlotChildOptions {
  /** Of one run, from its start. */
  timeoutMs: number;
  /** From the fork to the end of the self-test. */
  startTimeoutMs: number;
  /** A process is replaced after so many runs; default: never. */
  maxRuns?: number;
  /** A process that holds more than this after a run is replaced; default: never. */
  maxMemoryMb?: number;
}

export interface SlotRun {
  /** At most `batch` of them. */
  inputs: unknown[];
  signal: AbortSignal;
  onProgress(at: number, progress: unknown): void;
}

/** A place for one child process that is never empty for long: whoever dies in it is replaced. */
export interface Slot {
  /** Why nothing can run here for now: the last start was refused, or several in a row came to nothing. */
  readonly failure: Error | undefined;
  /** How many inputs are worth running at once: the fact `batch` of the self-test, 1 where there is none. */
  readonly batch: number;
  snapshot(): SlotSnapshot;
  /** Only while idle: what came of each input. See `SlotPool.run` for what a whole run rejects with. */
  run(run: SlotRun): Promise<PromiseSettledResult<unknown>[]>;
  close(): Promise<void>;
}

/** One crash at start may be bad luck, such as memory that was still in use. So many in a row are not. */
const FAILED_STARTS_TO_GIVE_UP = 3;
const FIRST_RESTART_MS = 250;
const MAX_RESTART_MS = 30_000;

/** @param onChange is called whenever the slot became idle or its `failure` changed. */
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

  /** Why the process should not get another run. */
  const whyRetire = () => {
    const { memoryMb = 0, degraded = false } = child.vitals ?? {};
    if (degraded) {
      return 'its device failed';
    }
    if (memoryMb > maxMemoryMb) {
      return `it holds ${memoryMb} MB`;
    }
    return runsOfChild >= maxRuns ? `it has done ${runsOfChild} runs` : undefined;
  };

  /** Between two runs: whoever waits in the pool's queue is served by the next process. */
  const retire = (reason: string) => {
    logger.info({ slot: name, slotPid: child.pid, reason }, 'Slot is recycled');
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
        if (!mayRecover || failedStarts >= FAILED_STARTS_TO_GIVE_UP) {
          failure = error as Error;
          onChange();
        }
        logger.error({ slot: name, err: error, failedStarts }, 'Slot did not start');
      }
      // A device's memory is free only once the process that held it is gone.
      await child.ended;
      state = 'starting';
      if (failedStarts > 0) {
        const waitMs = Math.min(FIRST_RESTART_MS * 2 ** (failedStarts - 1), MAX_RESTART_MS);
        await delay(waitMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
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
        const reason = whyRetire();
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

/** Awaits the work; kills the child and rejects at once when it takes too long or the signal aborts. */
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
