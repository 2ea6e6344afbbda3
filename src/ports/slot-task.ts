/**
 * What one kind of slot does, seen from both sides. The child's side is a module that exports
 * `createTask(config): Promise<SlotTask>`; it loads its sessions once and holds them until the process ends.
 */
export interface SlotTask<Input = unknown, Result = unknown, Progress = unknown> {
  /** Whether the process should be replaced before its next run, such as after its device failed. */
  readonly worn?: boolean;
  /**
   * Proves that the loaded models work; throws MODEL_INVALID where they answer nonsense. The fact `batch`, where there is
   * one, is how many inputs are worth running at once: `run` is then called for so many in one turn of the event loop.
   */
  selfTest(): Promise<Record<string, string | number | boolean>>;
  /** May block the thread for as long as it takes: the parent lives in another process and kills what must stop. */
  run(input: Input, onProgress: (progress: Progress) => void): Promise<Result>;
}

/** The parent's side: as many child processes as slots. */
export interface SlotPool<Input, Result, Progress = never> extends AsyncDisposable {
  /** Resolves when every slot passed its self-test; rejects when one refused. */
  ready(): Promise<void>;
  /**
   * Runs on the next free slot, first come first served. Aborting kills the child and replaces it, unless it works for
   * others at the same time, and the call rejects with the signal's reason; a child that dies rejects with SLOT_CRASHED, one that takes longer than the pool's
   * `timeoutMs` with SLOT_TIMEOUT.
   */
  run(
    input: Input,
    options: { signal: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Result>;
  /** How many runs are done at once, all slots together. What a slot can take is known once it is ready. */
  readonly capacity: number;
  /** One entry a slot. */
  snapshot(): SlotSnapshot[];
}

export interface SlotSnapshot {
  pid: number | undefined;
  state: 'starting' | 'idle' | 'busy';
  /** Of the process, in MB; resident, as its last answer told. */
  memoryMb: number | undefined;
  /** Processes that replaced one that died, was killed or did not start. */
  restarts: number;
  /** Processes that replaced one between two runs, because of its age or memory. */
  recycled: number;
  runs: number;
  /** Of all runs so far, the one in hand included. */
  busyMs: number;
  facts: Record<string, string | number | boolean>;
}
