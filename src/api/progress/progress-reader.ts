import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';

/** A piece of a task's progress, encoded once for all readers. */
export interface ProgressMessage {
  /** The `seq` of a stage event. Absent for messages that no replay repeats: finer progress and heartbeats. */
  seq?: number;
  /** The frame of a server-sent event. */
  bytes: Uint8Array;
  /** The event alone, a view of the same memory. Absent for a comment. */
  json?: Uint8Array;
}

/** A follower of a task. Neither function may throw or block. */
export interface ProgressReader {
  send(message: ProgressMessage): void;
  /** Called once, as the last call. `outcome` is absent if this process stops before the job ends. */
  end(outcome: JobOutcome | undefined): void;
}
