import { AsyncLocalStorage } from 'node:async_hooks';
import { PipelineError } from '../errors.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import { Slot, type SlotOptions } from './slot.ts';

export interface SlotPoolOptions extends Omit<SlotOptions, 'env' | 'startTimeoutMs' | 'hardMemoryMb'> {
  slots: number;
  /** Default: 4 GB, several times what pictures, sound and the renderer take. */
  hardMemoryMb?: number;
  /** Default: empty. */
  env?: Record<string, string>;
  /** Default: 5 minutes, for a large model on a slow disk. */
  startTimeoutMs?: number;
}

interface Call {
  input: unknown;
  signal: AbortSignal;
  onProgress(progress: unknown): void;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Starts all slots immediately. If none of them can start, runs reject with the reason. */
export function createSlotPool<Input, Result, Progress = never>(
  options: SlotPoolOptions,
): SlotPool<Input, Result, Progress> {
  const slotOptions = { env: {}, startTimeoutMs: 300_000, hardMemoryMb: 4096, ...options };
  const waiting: Call[] = [];
  const watchers = new Set<{ resolve(): void; reject(error: Error): void }>();
  let closed: PipelineError | undefined;

  const settle = () => {
    const reason = closed;
    const failures = reason ? slots.map(() => reason) : slots.flatMap((slot) => slot.failure ?? []);
    const started = slots.every((slot) => slot.snapshot().state !== 'starting');
    for (const watcher of failures.length > 0 || started ? watchers : []) {
      watchers.delete(watcher);
      failures[0] ? watcher.reject(failures[0]) : watcher.resolve();
    }
    const idle = closed ? [] : slots.filter((slot) => slot.snapshot().state === 'idle');
    for (const [index, slot] of idle.entries()) {
      // Idle slots share the waiting calls evenly, even if one slot could take them all.
      const share = Math.ceil(waiting.length / (idle.length - index));
      runTogether(slot, waiting.splice(0, Math.min(share, slot.batch)));
    }
    if (failures.length === slots.length) {
      for (const call of waiting.splice(0)) {
        call.reject(failures[0]);
      }
    }
  };
  // `settle` reads `slots`. A slot calls it asynchronously, so never before this assignment.
  const slots = Array.from({ length: options.slots }, () => new Slot(slotOptions, settle));

  return {
    ready: () =>
      new Promise<void>((resolve, reject) => {
        watchers.add({ resolve, reject });
        settle();
      }),

    async run(input, { signal, onProgress }) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      // The messages of a child come outside of any call, and a caller may depend on its own async context.
      const report = AsyncLocalStorage.bind((progress: unknown) => onProgress?.(progress as Progress));
      const call: Call = { input, signal, onProgress: report, resolve, reject };
      const leave = () => {
        const place = waiting.indexOf(call);
        if (place >= 0) {
          waiting.splice(place, 1);
        }
        reject(signal.reason);
      };
      waiting.push(call);
      signal.addEventListener('abort', leave, { once: true });
      settle();
      try {
        return (await promise) as Result;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },

    get capacity() {
      return slots.reduce((sum, { batch }) => sum + batch, 0);
    },
    snapshot: () => slots.map((slot) => slot.snapshot()),

    async [Symbol.asyncDispose]() {
      closed = new PipelineError('SLOT_CRASHED', `The ${options.name} processes were closed`);
      settle();
      await Promise.all(slots.map((slot) => slot.close()));
    },
  };
}

/** Runs several calls at once. Aborts the run when all of them were aborted. */
function runTogether(slot: Slot, calls: Call[]): void {
  if (calls.length === 0) {
    return;
  }
  const abandoned = new AbortController();
  const left = new Set(calls);
  for (const call of calls) {
    const leave = () => {
      left.delete(call);
      if (left.size === 0) {
        abandoned.abort(call.signal.reason);
      }
    };
    call.signal.addEventListener('abort', leave, { once: true });
  }
  slot
    .run({
      inputs: calls.map(({ input }) => input),
      signal: abandoned.signal,
      onProgress: (at, progress) => calls[at]?.onProgress(progress),
    })
    .then(
      (settled) => {
        for (const [at, { resolve, reject }] of calls.entries()) {
          const outcome = settled[at]!;
          outcome.status === 'fulfilled' ? resolve(outcome.value) : reject(outcome.reason);
        }
      },
      (error) => {
        for (const { reject } of calls) {
          reject(error);
        }
      },
    );
}
