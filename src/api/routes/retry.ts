import { createRoute, z } from '@hono/zod-openapi';
import { RETRY_POINTS, type RetryState, retriesOf } from '../../contracts/retry.ts';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { isFailure, PipelineError } from '../../errors.ts';
import type { RetryRequest } from '../../ports/job-client.ts';
import { assertIdempotencyKey } from '../tasks/task-id.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus, toWaiting } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const retry = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/retry',
  tags: ['Change'],
  summary: 'Continue a failed task',
  description:
    'Continues under the same id, and continues its events. Possible until `error.retry.until`, from a point in `error.retry.from`. A talk that was paid for is used again. While the task continues, the same request returns its status.',
  request: {
    params: TaskParams,
    headers: z.object({
      'idempotency-key': z.string().optional().openapi({
        minLength: 1,
        maxLength: 255,
        description:
          'Requests with the same key continue the task once, even if it has failed again since the first one.',
        example: '1f3870be-274f-4c49-b3e3-1a0c6728957f',
      }),
    }),
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
    const { from } = c.req.valid('query');
    const key = c.req.header('idempotency-key');
    if (key !== undefined) {
      assertIdempotencyKey(key);
    }
    let state: RetryState;
    try {
      state = await deps.jobs.retry(taskId, { from, key });
    } catch (error) {
      if (!isFailure(error, 'TASK_NOT_FOUND')) {
        throw error;
      }
      return c.json(await readRetried(deps, taskId, { from, key }), 202);
    }
    const status = await readTaskStatus(deps, taskId);
    return c.json(state === 'waiting' ? toWaiting(status) : status, 202);
  });
}

/**
 * The status of a task that this retry has already continued: its answer was lost, or the client asks twice. Rejects with
 * the reason why the task cannot be retried if it has not.
 */
async function readRetried(
  deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>,
  taskId: string,
  { from, key }: RetryRequest,
): Promise<TaskStatus> {
  const status = await readTaskStatus(deps, taskId);
  const { stage, result, error } = status;
  const isRunning = !isTerminal(stage);
  const known = isRunning ? await deps.jobs.progress(taskId, 0) : await deps.records.read(taskId);
  const retries = retriesOf(known?.events ?? []);
  const latest = retries.at(-1);
  const isSame = key !== undefined && retries.some((retry) => retry.key === key);
  if (isSame || (isRunning && latest && (from ?? latest.from) === latest.from)) {
    return status;
  }
  if (isRunning) {
    throw new PipelineError('TASK_RUNNING', `The task runs: it is at ${stage}.`);
  }
  throw new PipelineError(
    'RETRY_IMPOSSIBLE',
    result
      ? 'The task succeeded: there is nothing to retry.'
      : `Nothing of this task was kept for a retry: ${error?.message ?? ''} Submit it again.`,
  );
}
