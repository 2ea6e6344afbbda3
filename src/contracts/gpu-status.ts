import type { QueueName } from './queues.ts';

/** Each GPU worker keeps an object under this prefix up to date, so that every API process can report all of them. */
export const GPU_STATUS_PREFIX = 'temp/gpu/';
export const GPU_STATUS_INTERVAL_MS = 5_000;

/** The queues whose slots are on GPU workers. */
export type ModelQueue = Extract<QueueName, 'yolo' | 'birefnet'>;

export function gpuStatusKey(host: string, device: string): string {
  return `${GPU_STATUS_PREFIX}${host}.${device}`.replaceAll(/[^A-Za-z0-9._/-]/g, '-');
}
