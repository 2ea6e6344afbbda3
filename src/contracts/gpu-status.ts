import type { QueueName } from './queues.ts';

/** Under it, each GPU worker keeps an object of its own up to date, so that every API process can tell of all of them. */
export const GPU_STATUS_PREFIX = 'temp/gpu/';
export const GPU_STATUS_INTERVAL_MS = 5_000;

/** The queues whose slots are on a GPU worker. */
export type ModelQueue = Extract<QueueName, 'yolo' | 'birefnet'>;

export interface SlotStatus {
  /** Absent while no process is there. */
  pid?: number;
  state: 'starting' | 'idle' | 'busy';
  /** Resident, as of its last answer. */
  memory_mb?: number;
  restarts: number;
  recycled: number;
  runs: number;
  /** Of the self-test: `model`, `provider` (which computes it in truth), `inputSize`, why others are `unavailable`. */
  facts: Record<string, string | number | boolean>;
}

/** One GPU worker, in its wire form. */
export interface GpuWorkerStatus {
  host: string;
  pid: number;
  device: string;
  /** ISO 8601. */
  updated_at: string;
  slots: Record<ModelQueue, SlotStatus[]>;
}

export function gpuStatusKey(host: string, device: string): string {
  return `${GPU_STATUS_PREFIX}${host}.${device}`.replaceAll(/[^A-Za-z0-9._/-]/g, '-');
}
