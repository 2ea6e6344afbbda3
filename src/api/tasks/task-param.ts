import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXAMPLE_TASK_ID } from '../../contracts/schemas/primitives.ts';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { parseTaskId } from './task-id.ts';

/** Any text passes, because a text that is not a UUID is answered with 404, see `taskParam`. */
export const TaskParams = z.object({
  task_id: z.string().openapi({
    param: { name: 'task_id', in: 'path' },
    format: 'uuid',
    description: 'The id of the task, from the answer to its submission.',
    example: EXAMPLE_TASK_ID,
  }),
});

/** The task that the path names. TASK_NOT_FOUND if it is not a UUID. */
export function taskParam(c: Context<ApiEnv>): string {
  const text = c.req.param('task_id') ?? '';
  const taskId = parseTaskId(text);
  if (!taskId) {
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${text}: a task id is a UUID.`);
  }
  c.set('taskId', taskId);
  return taskId;
}
