import { createRoute } from '@hono/zod-openapi';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { RecentTimelines } from '../tasks/timeline-summary.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const status = createRoute({
  method: 'get',
  path: '/api/pipeline/status/{task_id}',
  tags: ['Follow'],
  summary: 'The status of a task',
  request: { params: TaskParams },
  responses: {
    200: { description: 'The current status.', content: { 'application/json': { schema: TaskStatus } } },
    ...problems('TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function statusRoutes(
  deps: Pick<ApiDeps, 'jobs' | 'records' | 'names' | 'defaults'>,
  recent: RecentTimelines,
) {
  const expected = { recent, defaultLongSidePx: deps.defaults.longSidePx };
  return createRoutes().openapi(status, async (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(await readTaskStatus({ ...deps, expected }, taskParam(c)), 200);
  });
}
