import { z } from '@hono/zod-openapi';
import type { TaskStatus as Status } from '../../contracts/task-status.ts';
import { Failure, Result, StageName } from './outcome.ts';
import { Instant, TASK_ID } from './task.ts';

export const TaskStatus = z
  .object({
    task_id: z.string().openapi({ example: TASK_ID }),
    stage: StageName,
    progress_percent: z.number().min(0).max(100).openapi({ example: 40 }),
    message: z.string().openapi({ example: 'Detected 3 persons, selected person #1' }),
    submitted_at: Instant,
    updated_at: Instant,
    attempts: z.int().min(1).optional().openapi({ description: 'Of the step that is under way.' }),
    result: Result.optional(),
    error: Failure.shape.error.optional(),
  })
  .openapi('TaskStatus') satisfies z.ZodType<Status>;
