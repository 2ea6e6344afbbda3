/**
 * What a slot and its parent say to each other over Node's IPC (`serialization: 'advanced'`). Small messages only:
 * pictures and sound are named by path.
 */
import type { ErrorCode } from '../contracts/error-codes.ts';

/** The inputs are run at once: the task decides what it does together. */
export type ToSlot = { type: 'run'; id: number; inputs: unknown[] };

export type FromSlot =
  /** Models are loaded and the self-test passed. `facts` is shown by `/api/gpu`. */
  | { type: 'ready'; facts: Record<string, string | number | boolean>; vitals: SlotVitals }
  /** The slot cannot be used at all: wrong model, no memory. The process ends after it. */
  | { type: 'refused'; error: SlotError }
  /** `at`: of which of the inputs. */
  | { type: 'progress'; id: number; at: number; progress: unknown }
  | { type: 'results'; id: number; results: SlotResult[]; vitals: SlotVitals };

export type SlotResult = { result: unknown } | { error: SlotError };

/** How the process is, after a run. */
export interface SlotVitals {
  /** Resident memory. */
  memoryMb: number;
  /** See `SlotTask.degraded`. */
  degraded: boolean;
}

export interface SlotError {
  /** Absent for an unexpected error. */
  code?: ErrorCode;
  message: string;
  stack?: string;
  details?: Record<string, string | number | boolean>;
}
