import { z } from '@hono/zod-openapi';
import type { TaskList as List } from '../../contracts/task-status.ts';
import { StageName } from './outcome.ts';
import { Instant, TASK_ID } from './task.ts';

export const TaskState = z.enum(['running', 'completed', 'failed', 'cancelled']);

export const TaskList = z
  .object({
    tasks: z.array(
      z
        .object({
          task_id: z.string().openapi({ example: TASK_ID }),
          stage: StageName,
          status: TaskState,
          provider: z.string().optional().openapi({ example: 'local' }),
          submitted_at: Instant,
          ended_at: Instant.optional(),
        })
        .openapi('TaskSummary'),
    ),
    next_cursor: z.string().optional().openapi({ description: 'Absent on the last page.' }),
  })
  .openapi('TaskList') satisfies z.ZodType<List>;
