/**
 * Messages between a slot and its parent over Node's IPC (`serialization: 'advanced'`). They are small: pictures and
 * sound are passed as paths.
 */
import type { ErrorCode } from '../contracts/error-codes.ts';

/** All inputs start at once: the task decides which of them it computes together. */
export type ToSlot = { type: 'run'; id: number; inputs: unknown[] };

export type FromSlot =
  /** The models are loaded and the self-test passed. `/api/gpu` shows `facts`. */
  | { type: 'ready'; facts: Record<string, string | number | boolean>; vitals: SlotVitals }
  /** The slot cannot start, for example because of a wrong model. The process then ends. */
  | { type: 'refused'; error: SlotError }
  /** `at` is the index of the input. */
  | { type: 'progress'; id: number; at: number; progress: unknown }
  | { type: 'results'; id: number; results: SlotResult[]; vitals: SlotVitals };

export type SlotResult = { result: unknown } | { error: SlotError };

/** State of the process after a run. */
export interface SlotVitals {
  /** Resident memory. */
  memoryMb: number;
  /** CPU seconds since its start, over all threads. */
  cpuS: number;
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
