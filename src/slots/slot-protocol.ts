/**
 * What a slot and its parent say to each other over Node's IPC (`serialization: 'advanced'`). Small messages only:
 * pictures and sound are named by path.
 */
import type { ErrorCode } from '../contracts/error-codes.ts';

export type ToSlot = { type: 'run'; id: number; input: unknown };

export type FromSlot =
  /** Models are loaded and the self-test passed. `facts` is shown by `/api/gpu`. */
  | { type: 'ready'; facts: Record<string, string | number | boolean>; vitals: SlotVitals }
  /** The slot cannot be used at all: wrong model, no memory. The process ends after it. */
  | { type: 'refused'; error: SlotError }
  | { type: 'progress'; id: number; progress: unknown }
  | { type: 'result'; id: number; result: unknown; vitals: SlotVitals }
  | { type: 'error'; id: number; error: SlotError; vitals: SlotVitals };

/** How the process is, after a run. */
export interface SlotVitals {
  /** Resident memory. */
  memoryMb: number;
  /** See `SlotTask.worn`. */
  worn: boolean;
}

export interface SlotError {
  /** Absent for an unexpected error. */
  code?: ErrorCode;
  message: string;
  stack?: string;
  details?: Record<string, string | number | boolean>;
}
