import { z } from '@hono/zod-openapi';
import type { TaskStatus as Status } from '../../contracts/task-status.ts';
import { Failure, Person, Result, StageName } from './outcome.ts';
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
    queue: z
      .object({
        name: z.string().openapi({ example: 'birefnet' }),
        position: z.int().min(1).openapi({ description: 'From 1: the next one. An estimate.' }),
        length: z.int().openapi({ description: 'How many wait in all.' }),
      })
      .optional()
      .openapi({ description: 'Where the task waits for a slot.' }),
    eta: z.object({ p50: Instant, p90: Instant }).optional().openapi({
      description:
        'Half of such tasks are done by `p50`, nine of ten by `p90`. Absent while the task waits for a choice, room or a provider.',
    }),
    choice: z
      .object({ persons: z.array(Person) })
      .optional()
      .openapi({ description: 'The task waits for `POST …/person` with one of these.' }),
    result: Result.optional(),
    error: Failure.shape.error.optional(),
  })
  .openapi('TaskStatus') satisfies z.ZodType<Status>;
