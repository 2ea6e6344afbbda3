import { createRoute, z } from '@hono/zod-openapi';
import { TaskName } from '../../contracts/schemas/primitives.ts';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const rename = createRoute({
  method: 'put',
  path: '/api/pipeline/tasks/{task_id}/name',
  tags: ['Change'],
  summary: 'Rename a task',
  description: 'At any time. The name is erased with the files of the task.',
  request: {
    params: TaskParams,
    body: {
      required: true,
      content: { 'application/json': { schema: z.strictObject({ name: TaskName }).openapi('TaskNaming') } },
    },
  },
  responses: {
    200: {
      description: 'The task with its new name.',
      content: { 'application/json': { schema: TaskStatus } },
    },
    ...problems(
      'REQUEST_MALFORMED',
      'UPLOAD_TOO_LARGE',
      'MEDIA_UNSUPPORTED',
      'INPUT_INVALID',
      'TASK_NOT_FOUND',
      'STORAGE_FULL',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

export function nameRoutes(deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>) {
  return createRoutes().openapi(rename, async (c) => {
    const taskId = taskParam(c);
    const { name } = c.req.valid('json');
    // A task that does not exist gets no name.
    const status = await readTaskStatus(deps, taskId);
    await deps.names.write(taskId, name);
    return c.json({ ...status, name }, 200);
  });
}
