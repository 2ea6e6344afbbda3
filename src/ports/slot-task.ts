/**
 * The child's side of a slot. Its module exports `createTask(config): Promise<SlotTask>`, which loads the sessions once
 * and keeps them until the process ends.
 */
export interface SlotTask<Input = unknown, Result = unknown, Progress = unknown> {
  /** Whether to replace the process before its next run, for example after its device failed. */
  readonly degraded?: boolean;
  /**
   * Proves that the loaded models work. Rejects with MODEL_INVALID if their output is wrong. The returned fact `batch`, if
   * present, is the number of inputs worth running at once: `run` is then called that often in one turn of the event loop.
   */
  selfTest(): Promise<Record<string, string | number | boolean>>;
  /** May block the thread: the parent is another process, and kills this one to stop it. */
  run(input: Input, onProgress: (progress: Progress) => void): Promise<Result>;
}

/** The parent's side: one child process for each slot. */
export interface SlotPool<Input, Result, Progress = never> extends AsyncDisposable {
  /** Resolves when every slot has passed its self-test. Rejects if one fails it. */
  ready(): Promise<void>;
  /**
   * Runs on the next free slot, in the order of the calls. An abort rejects with the signal's reason; it kills and replaces
   * the child, unless the child also works for other calls. Rejects with SLOT_CRASHED if the child dies, and with
   * SLOT_TIMEOUT after the pool's `timeoutMs`. Files that the child was writing may be left half written. `onProgress` is
   * called in the async context of this call.
   */
  run(
    input: Input,
    options: { signal: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Result>;
  /** Number of runs at the same time over all slots. What one slot can take is known once it is ready. */
  readonly capacity: number;
  /** One entry for each slot. */
  snapshot(): SlotSnapshot[];
}

export interface SlotSnapshot {
  pid: number | undefined;
  state: 'starting' | 'idle' | 'busy';
  /** Resident memory of the process in MB, as of its last answer. */
  memoryMb: number | undefined;
  /** Processes replaced because they died, were killed or did not start. */
  restarts: number;
  /** Processes replaced between two runs because of their age or memory. */
  recycled: number;
  runs: number;
  /** Over all runs so far, the current one included. */
  busyMs: number;
  facts: Record<string, string | number | boolean>;
}
