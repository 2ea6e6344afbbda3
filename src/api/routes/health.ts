import { Hono } from 'hono';
import { taskKeys } from '../../contracts/task-keys.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';

const NO_TASK = '00000000-0000-0000-0000-000000000000';

export function healthRoutes({ jobs, store }: Pick<ApiDeps, 'jobs' | 'store'>) {
  return (
    new Hono<ApiEnv>()
      /** The process runs. */
      .get('/health/live', (c) => c.json({ status: 'ok' }))
      /** Submissions are taken: Temporal and the store answer. */
      .get('/health/ready', async (c) => {
        await Promise.all([jobs.ping(), store.stat(taskKeys(NO_TASK).metadata)]);
        return c.json({ status: 'ok', temporal: 'ok', storage: 'ok' });
      })
  );
}
