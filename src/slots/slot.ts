import { setTimeout as delay } from 'node:timers/promises';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { SlotSnapshot } from '../ports/slot-task.ts';
import { cpuLimit } from './confinement.ts';
import { type SlotChild, type SlotChildOptions, startSlotChild } from './slot-child.ts';

export interface SlotOptions extends Omit<SlotChildOptions, 'limits'> {
  /** Maximum duration of one run. */
  timeoutMs: number;
  /** Maximum time from the fork to the end of the self-test. */
  startTimeoutMs: number;
  /** The process is replaced after this many runs. Default: never. */
  maxRuns?: number;
  /** The process is replaced if it holds more after a run. Default: never. */
  maxMemoryMb?: number;
  /** The system does not let it allocate more. */
  hardMemoryMb: number;
}

interface SlotRun {
  /** At most `batch` of them. */
  inputs: unknown[];
  signal: AbortSignal;
  onProgress(at: number, progress: unknown): void;
}

/** One crash at startup may be bad luck, for example memory that was still in use. */
const MAX_FAILED_STARTS = 3;
const FIRST_RESTART_DELAY_MS = 250;
const MAX_RESTART_DELAY_MS = 30_000;

/** Supervises one child process from its start to its end, and replaces it until the slot is closed. */
export class Slot {
  readonly #options: SlotOptions & SlotChildOptions;
  readonly #onChange: () => void;
  readonly #closing = new AbortController();
  /** Resolves when the slot is closed and its last process has ended. */
  readonly #lived: Promise<void>;
  #child: SlotChild;
  #state: SlotSnapshot['state'] = 'starting';
  #facts: SlotSnapshot['facts'] = {};
  #failure: Error | undefined;
  /** In a row. */
  #failedStarts = 0;
  #restarts = 0;
  #recycled = 0;
  #runs = 0;
  #runsOfChild = 0;
  #busyMs = 0;
  #busySince: number | undefined;
  /** Whether the process was killed to be replaced, between two runs. */
  #isRetired = false;

  /** @param onChange called, asynchronously, when the slot becomes idle or its `failure` changes */
  constructor(options: SlotOptions, onChange: () => void) {
    const cpuS = cpuLimit(options.startTimeoutMs + options.timeoutMs);
    this.#options = { ...options, limits: { memoryMb: options.hardMemoryMb, cpuS } };
    this.#onChange = onChange;
    this.#child = startSlotChild(this.#options);
    this.#lived = this.#live();
  }

  /** Why nothing can run: the last start failed for good, or several in a row failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** How many inputs to run at once: the fact `batch` of the self-test. Default: 1. */
  get batch(): number {
    return Number(this.#facts.batch ?? 1);
  }

  snapshot(): SlotSnapshot {
    const child = this.#child;
    return {
      pid: child.alive ? child.pid : undefined,
      state: this.#state,
      memoryMb: child.vitals?.memoryMb,
      restarts: this.#restarts,
      recycled: this.#recycled,
      runs: this.#runs,
      busyMs: this.#busyMs + (this.#busySince === undefined ? 0 : performance.now() - this.#busySince),
      facts: this.#facts,
    };
  }

  async #live(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#start();
      // The memory of a device is free only after the process that held it has ended.
      await this.#child.ended;
      this.#state = 'starting';
      await this.#waitAfterFailedStarts();
      if (!signal.aborted) {
        this.#replaceChild();
      }
    }
    await this.#child.ended;
  }

  async #start(): Promise<void> {
    const { name, startTimeoutMs, logger } = this.#options;
    const { pid, ready, confinedBy } = this.#child;
    try {
      this.#facts = await within(this.#child, ready, {
        timeoutMs: startTimeoutMs,
        signal: this.#closing.signal,
        what: `The ${name} process ${pid} did not start`,
      });
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        this.#noteFailedStart(error as Error);
      }
      return;
    }
    this.#failure = undefined;
    this.#failedStarts = 0;
    logger.info({ slot: name, slotPid: pid, confinedBy, ...this.#facts }, 'Slot is ready');
    this.#becomeIdle();
  }

  #noteFailedStart(error: Error): void {
    const { name, logger } = this.#options;
    this.#failedStarts += 1;
    const mayRecover = error instanceof PipelineError && error.retryable;
    if (!mayRecover || this.#failedStarts >= MAX_FAILED_STARTS) {
      this.#failure = error;
      this.#onChange();
    }
    logger.error({ slot: name, err: error, failedStarts: this.#failedStarts }, 'Slot did not start');
  }

  #becomeIdle(): void {
    this.#state = 'idle';
    this.#onChange();
  }

  /** Only while idle. Resolves to the result or error of each input. Rejects as `SlotPool.run`. */
  async run({ inputs, signal, onProgress }: SlotRun): Promise<PromiseSettledResult<unknown>[]> {
    const { name, timeoutMs } = this.#options;
    const child = this.#child;
    this.#state = 'busy';
    this.#runs += inputs.length;
    this.#runsOfChild += inputs.length;
    this.#busySince = performance.now();
    try {
      return await within(child, child.run(inputs, onProgress), {
        timeoutMs,
        signal: AbortSignal.any([signal, this.#closing.signal]),
        what: `The ${name} process ${child.pid} did not finish its run`,
      });
    } finally {
      this.#busyMs += performance.now() - this.#busySince;
      this.#busySince = undefined;
      if (child.alive) {
        this.#retireOrBecomeIdle();
      }
    }
  }

  /** Between two runs, so nothing is lost: the next process serves the pool's queue. */
  #retireOrBecomeIdle(): void {
    const reason = this.#findRetireReason();
    if (!reason) {
      this.#becomeIdle();
      return;
    }
    const { name, logger } = this.#options;
    logger.info({ slot: name, slotPid: this.#child.pid, reason }, 'Recycling slot');
    this.#state = 'starting';
    this.#isRetired = true;
    this.#child.kill();
  }

  /** The reason to replace the process before its next run, if there is one. */
  #findRetireReason(): string | undefined {
    const { maxRuns = Number.POSITIVE_INFINITY, maxMemoryMb = Number.POSITIVE_INFINITY } = this.#options;
    const { memoryMb = 0, cpuS = 0, degraded = false } = this.#child.vitals ?? {};
    if (degraded) {
      return 'its device failed';
    }
    if (cpuS > this.#options.limits.cpuS / 2) {
      return `it has used ${Math.round(cpuS)} s of CPU time`;
    }
    if (memoryMb > maxMemoryMb) {
      return `it holds ${memoryMb} MB`;
    }
    return this.#runsOfChild >= maxRuns ? `it has done ${this.#runsOfChild} runs` : undefined;
  }

  async #waitAfterFailedStarts(): Promise<void> {
    if (this.#failedStarts > 0) {
      const waitMs = Math.min(FIRST_RESTART_DELAY_MS * 2 ** (this.#failedStarts - 1), MAX_RESTART_DELAY_MS);
      const wait = delay(waitMs, undefined, { signal: this.#closing.signal, ref: false });
      await ignoreFailure(wait, 'the slot is closing');
    }
  }

  #replaceChild(): void {
    this.#child = startSlotChild(this.#options);
    this.#runsOfChild = 0;
    if (this.#isRetired) {
      this.#recycled += 1;
    } else {
      this.#restarts += 1;
    }
    this.#isRetired = false;
  }

  async close(): Promise<void> {
    const { name } = this.#options;
    this.#closing.abort(new PipelineError('SLOT_CRASHED', `The ${name} process was closed`));
    this.#child.kill();
    await this.#lived;
  }
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
