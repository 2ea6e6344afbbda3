import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';

/** A piece of a task's progress, encoded once for all who read it. */
export interface ProgressMessage {
  /** Of a stage event. Absent for what no replay repeats: finer progress and signs of life. */
  seq?: number;
  /** The frame of a server-sent event. */
  bytes: Uint8Array;
  /** The event alone, a part of the same memory; absent for a comment. */
  json?: Uint8Array;
}

/** Somebody who follows a task. Neither function may throw or block. */
export interface ProgressReader {
  send(message: ProgressMessage): void;
  /** Called once, and nothing after it. `outcome` is absent where this process stops before the job does. */
  end(outcome: JobOutcome | undefined): void;
}
