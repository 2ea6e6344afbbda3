import type { Context } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { parseTaskId } from './task-id.ts';

/** The task that the path names. What is no UUID names no task: TASK_NOT_FOUND. */
export function taskParam(c: Context<ApiEnv>): string {
  const text = c.req.param('task_id') ?? '';
  const taskId = parseTaskId(text);
  if (!taskId) {
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${text}: a task id is a UUID.`);
  }
  c.set('taskId', taskId);
  return taskId;
}
