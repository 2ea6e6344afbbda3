import { createRoute } from '@hono/zod-openapi';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { ignoreStorageOutage } from '../../errors.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const answer = (description: string) => ({
  description,
  content: { 'application/json': { schema: TaskStatus } },
});

const cancel = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/cancel',
  tags: ['Change'],
  summary: 'Stop and undo a task',
  description: 'Also works while the task runs. A repeated call, or one after the end, changes nothing.',
  request: { params: TaskParams },
  responses: {
    200: answer('The task has ended, whatever the outcome.'),
    202: answer('The task is stopping and undoing its work.'),
    ...problems('TASK_ENDED', 'TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function cancelRoutes(deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>) {
  return createRoutes().openapi(cancel, async (c) => {
    const taskId = taskParam(c);
    // Temporal may have deleted a task that ended; its record remains. A running one stops without the store too.
    const outcome = (await ignoreStorageOutage(deps.records.read(taskId)))?.outcome;
    const mayBeRetried = outcome?.success === false && outcome.error.retry !== undefined;
    if (!outcome || (mayBeRetried && (await deps.jobs.isRetried(taskId)))) {
      await deps.jobs.cancel(taskId);
    }
    const status = await readTaskStatus(deps, taskId);
    return c.json(status, isTerminal(status.stage) ? 200 : 202);
  });
}
