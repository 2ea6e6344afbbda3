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
    'Deletes everything about the task: its files, its entries in the content cache, its data in Temporal and at the provider. A running task is stopped first, and undelivered webhooks are dropped. The receipt lists each deletion. If the provider does not respond or still works on the task, the answer is 202, and the receipt lists what is `pending` there: the server goes on until it is deleted. If deleting the files takes long, the answer is 503 with `Retry-After`. The same request returns the newest receipt.',
  request: { params: TaskParams },
  responses: {
    200: { description: 'Everything is erased.', content: { 'application/json': { schema: EraseReceipt } } },
    202: {
      description: 'Everything here is erased, and the rest at the provider is `pending`.',
      content: { 'application/json': { schema: EraseReceipt } },
    },
    ...problems('TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE', 'ERASE_UNDER_WAY'),
  },
});

export function eraseRoutes({ jobs, records, access }: Pick<ApiDeps, 'jobs' | 'records' | 'access'>) {
  return createRoutes().openapi(erase, async (c) => {
    const taskId = taskParam(c);
    const isKnown = await isThere(() => readTaskStatus({ jobs, records }, taskId));
    const owner = isKnown ? await unlessLost(access.findOwner(taskId)) : undefined;
    c.header('Cache-Control', 'no-store');
    const receipt = await jobs.erase(taskId, { isKnown, owner });
    return c.json(receipt, receipt.pending.length > 0 ? 202 : 200);
  });
}

/** Without an owner, only admins may read the receipt. */
async function unlessLost(owner: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await owner;
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND', 'STORAGE_UNAVAILABLE')) {
      return undefined;
    }
    throw error;
  }
}

async function isThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND')) {
      return false;
    }
    // Erasing waits for the store.
    if (isUnreadableRecord(error) || isFailure(error, 'STORAGE_UNAVAILABLE')) {
      return true;
    }
    throw error;
  }
}
