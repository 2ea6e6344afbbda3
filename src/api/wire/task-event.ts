import { z } from '@hono/zod-openapi';
import type { StageEvent as Event } from '../../contracts/stages.ts';
import { StageName } from './outcome.ts';
import { Instant, TASK_ID } from './task.ts';

const Progress = {
  stage: StageName,
  progress_percent: z.number().min(0).max(100).openapi({ example: 40 }),
  message: z.string().openapi({ example: 'Detected 3 persons, selected person #1' }),
  details: z
    .record(z.string(), z.unknown())
    .optional()
    .openapi({ description: 'Facts of the stage; the last event has the whole `outcome`.' }),
};

export const StageEvent = z
  .object({
    seq: z
      .int()
      .min(1)
      .openapi({ description: 'Strictly increasing within a task: the `id:` of the event.' }),
    task_id: z.string().openapi({ example: TASK_ID }),
    event_type: z.literal('stage_update'),
    data: z.object(Progress),
    timestamp: Instant,
  })
  .openapi('StageEvent') satisfies z.ZodType<Event>;

/** One event as it goes over the wire, for the documentation of a stream. */
export const EVENT_EXAMPLE = {
  seq: 4,
  task_id: TASK_ID,
  event_type: 'stage_update',
  timestamp: '2026-11-25T09:30:00.000Z',
  data: {
    stage: 'DETECTION_COMPLETE',
    progress_percent: 40,
    message: 'Detected 3 persons, selected person #1',
  },
};
