import { z } from 'zod';
import { extensible, Instant } from './primitives.ts';

export const SlotStatus = extensible({
  pid: z.int().optional().describe('Absent while there is no process.'),
  state: z.enum(['starting', 'idle', 'busy']),
  memory_mb: z.number().optional().describe('Resident memory after its last run.'),
  restarts: z.int(),
  recycled: z.int(),
  runs: z.int(),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe(
      'From its self-test: the model, the execution provider that is really used, the input size, and why others are unavailable.',
    ),
}).meta({ id: 'SlotStatus' });
export type SlotStatus = z.infer<typeof SlotStatus>;

/** One GPU worker: the object that it keeps up to date, and its part of the answer of `GET /api/gpu`. */
export const GpuWorkerStatus = extensible({
  host: z.string(),
  pid: z.int(),
  device: z.string(),
  updated_at: Instant,
  slots: z.object({ yolo: z.array(SlotStatus), birefnet: z.array(SlotStatus) }),
}).meta({ id: 'GpuWorker' });
export type GpuWorkerStatus = z.infer<typeof GpuWorkerStatus>;

const GpuQueue = z.object({ waiting: z.int(), slots: z.int(), busy: z.int() });

export const GpuStatus = z
  .object({
    queues: z.object({ yolo: GpuQueue, birefnet: GpuQueue }),
    workers: z.array(GpuWorkerStatus),
  })
  .meta({ id: 'GpuStatus' });
export type GpuStatus = z.infer<typeof GpuStatus>;
