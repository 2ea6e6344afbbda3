import { Hono } from 'hono';
import { isTerminal } from '../../contracts/stages.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';
import { taskParam } from '../task-param.ts';
import { readTaskStatus } from '../task-status.ts';

export function cancelRoutes(deps: Pick<ApiDeps, 'jobs' | 'records'>) {
  return (
    new Hono<ApiEnv>()
      /** 202 while the job still has to stop and undo itself, 200 where it has ended, however it did. */
      .post('/api/pipeline/tasks/:taskId/cancel', async (c) => {
        const taskId = taskParam(c);
        // What has ended may be known to its record only.
        if (!(await deps.records.read(taskId))?.outcome) {
          await deps.jobs.cancel(taskId);
        }
        const status = await readTaskStatus(deps, taskId);
        return c.json(status, isTerminal(status.stage) ? 200 : 202);
      })
  );
}
