import { Hono } from 'hono';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';
import { taskParam } from '../task-param.ts';
import { readTaskStatus } from '../task-status.ts';

export function statusRoutes(deps: Pick<ApiDeps, 'jobs' | 'records'>) {
  return new Hono<ApiEnv>().get('/api/pipeline/status/:taskId', async (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(await readTaskStatus(deps, taskParam(c)));
  });
}
