import { z } from '@hono/zod-openapi';
import type { GpuWorkerStatus, SlotStatus as Slot } from '../../contracts/gpu-status.ts';
import { Instant } from './task.ts';

const SlotStatus = z
  .object({
    pid: z.int().optional(),
    state: z.enum(['starting', 'idle', 'busy']),
    memory_mb: z.number().optional(),
    restarts: z.int(),
    recycled: z.int(),
    runs: z.int(),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .openapi({ description: 'Of its self-test, such as the model and what computes it.' }),
  })
  .openapi('SlotStatus') satisfies z.ZodType<Slot>;

const GpuWorker = z
  .object({
    host: z.string(),
    pid: z.int(),
    device: z.string(),
    updated_at: Instant,
    slots: z.object({ yolo: z.array(SlotStatus), birefnet: z.array(SlotStatus) }),
  })
  .openapi('GpuWorker') satisfies z.ZodType<GpuWorkerStatus>;

const Queue = z.object({ waiting: z.int(), slots: z.int(), busy: z.int() });

export const GpuStatus = z
  .object({ queues: z.object({ yolo: Queue, birefnet: Queue }), workers: z.array(GpuWorker) })
  .openapi('GpuStatus');
