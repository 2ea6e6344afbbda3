import { createRoute, z } from '@hono/zod-openapi';
import { RETRY_POINTS, type RetryState } from '../../contracts/retry.ts';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { isFailure, PipelineError } from '../../errors.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const retry = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/retry',
  tags: ['Change'],
  summary: 'Continue a failed task',
  description:
    'Continues under the same id, and continues its events. Possible until `error.retry.until`, from a point in `error.retry.from`. A talk that was paid for is used again.',
  request: {
    params: TaskParams,
    query: z.object({
      from: z
        .enum(RETRY_POINTS)
        .optional()
        .openapi({ description: 'Default: the last point whose inputs still exist.', example: 'provider' }),
    }),
  },
  responses: {
    202: {
      description: 'The task runs, or will as soon as its failed attempt has closed. `message` says which.',
      content: { 'application/json': { schema: TaskStatus } },
    },
    ...problems(
      'INPUT_INVALID',
      'RETRY_IMPOSSIBLE',
      'TASK_RUNNING',
      'TASK_NOT_FOUND',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

export function retryRoutes(deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>) {
  return createRoutes().openapi(retry, async (c) => {
    const taskId = taskParam(c);
    let state: RetryState;
    try {
      state = await deps.jobs.retry(taskId, c.req.valid('query').from);
    } catch (error) {
      throw isFailure(error, 'TASK_NOT_FOUND') ? await whyImpossible(deps, taskId) : error;
    }
    const status = await readTaskStatus(deps, taskId);
    return c.json(state === 'waiting' ? toWaiting(status) : status, 202);
  });
}

/** Until the failed attempt has closed, its status would report a failure that the retry has already outdated. */
function toWaiting({ error, ...status }: TaskStatus): TaskStatus {
  return {
    ...status,
    stage: error?.stage ?? status.stage,
    message: 'The retry is accepted. The task continues as soon as its failed attempt has closed.',
  };
}

/** Why the task cannot be retried. */
async function whyImpossible(
  deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>,
  taskId: string,
): Promise<PipelineError> {
  const { stage, result, error } = await readTaskStatus(deps, taskId);
  if (!isTerminal(stage)) {
    return new PipelineError('TASK_RUNNING', `The task runs: it is at ${stage}.`);
  }
  if (result) {
    return new PipelineError('RETRY_IMPOSSIBLE', 'The task succeeded: there is nothing to retry.');
  }
  return new PipelineError(
    'RETRY_IMPOSSIBLE',
    `Nothing of this task was kept for a retry: ${error?.message ?? ''} Submit it again.`,
  );
}
