import { createRoute } from '@hono/zod-openapi';
import { EraseReceipt } from '../../contracts/schemas/erase-receipt.ts';
import { isFailure, isUnreadableRecord } from '../../errors.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const erase = createRoute({
  method: 'delete',
  path: '/api/pipeline/tasks/{task_id}',
  tags: ['Change'],
  summary: 'Erase a task',
  description:
    'Deletes everything about the task: its files, its entries in the content cache, its data at the provider and in Temporal. A running task is stopped first, and undelivered webhooks are dropped. The receipt lists each deletion. If erasing takes long, the answer is 503 with `Retry-After`: repeat the request for the receipt.',
  request: { params: TaskParams },
  responses: {
    200: { description: 'The receipt.', content: { 'application/json': { schema: EraseReceipt } } },
    ...problems('TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE', 'ERASE_UNDER_WAY'),
  },
});

export function eraseRoutes({ jobs, records }: Pick<ApiDeps, 'jobs' | 'records'>) {
  return createRoutes().openapi(erase, async (c) => {
    const taskId = taskParam(c);
    const isKnown = await isThere(() => readTaskStatus({ jobs, records }, taskId));
    c.header('Cache-Control', 'no-store');
    return c.json(await jobs.erase(taskId, { isKnown }), 200);
  });
}

async function isThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND')) {
      return false;
    }
    if (isUnreadableRecord(error)) {
      return true;
    }
    throw error;
  }
}
