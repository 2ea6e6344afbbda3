import { createRoute } from '@hono/zod-openapi';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { isTerminal } from '../../contracts/stages.ts';
import type { ApiDeps } from '../api-deps.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const answer = (description: string) => ({
  description,
  content: { 'application/json': { schema: TaskStatus } },
});

const cancel = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/cancel',
  tags: ['Tasks'],
  summary: 'Stop and undo a task',
  description: 'Also while it runs. Again, or after its end, it changes nothing.',
  request: { params: TaskParams },
  responses: {
    200: answer('The task has ended, however it did.'),
    202: answer('It is told to stop and to undo itself.'),
    ...problems('TASK_ENDED', 'TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function cancelRoutes(deps: Pick<ApiDeps, 'jobs' | 'records'>) {
  return createRoutes().openapi(cancel, async (c) => {
    const taskId = taskParam(c);
    // What has ended may be known to its record only.
    if (!(await deps.records.read(taskId))?.outcome) {
      await deps.jobs.cancel(taskId);
    }
    const status = await readTaskStatus(deps, taskId);
    return c.json(status, isTerminal(status.stage) ? 200 : 202);
  });
}
