import { createRoute } from '@hono/zod-openapi';
import { Alive, Ready } from '../../contracts/schemas/health.ts';
import { taskKeys } from '../../contracts/task-keys.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const NO_TASK = '00000000-0000-0000-0000-000000000000';

const live = createRoute({
  method: 'get',
  path: '/health/live',
  tags: ['Health'],
  summary: 'Whether the process runs',
  responses: { 200: { description: 'It runs.', content: { 'application/json': { schema: Alive } } } },
});

const ready = createRoute({
  method: 'get',
  path: '/health/ready',
  tags: ['Health'],
  summary: 'Whether submissions are accepted: Temporal and the store respond',
  responses: {
    200: { description: 'Both respond.', content: { 'application/json': { schema: Ready } } },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function healthRoutes({ jobs, store }: Pick<ApiDeps, 'jobs' | 'store'>) {
  return createRoutes()
    .openapi(live, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(ready, async (c) => {
      await Promise.all([jobs.ping(), store.stat(taskKeys(NO_TASK).metadata)]);
      return c.json({ status: 'ok' as const, temporal: 'ok' as const, storage: 'ok' as const }, 200);
    });
}
