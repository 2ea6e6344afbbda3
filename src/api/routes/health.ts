import { createRoute } from '@hono/zod-openapi';
import { Alive, Health, Ready } from '../../contracts/schemas/health.ts';
import type { StuckWorkflow } from '../../ports/pipeline-statistics.ts';
import { atMostEvery } from '../../telemetry/at-most-every.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** Anyone may ask, as often as they like. */
const READY_FOR_MS = 1_000;

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

const whole = createRoute({
  method: 'get',
  path: '/health',
  tags: ['Health'],
  summary: 'Whether tasks are accepted and none stands still',
  responses: {
    200: {
      description: 'Temporal and the store respond. `degraded` if a workflow stands still.',
      content: { 'application/json': { schema: Health } },
    },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function healthRoutes({
  jobs,
  assertStorage,
  statistics,
}: Pick<ApiDeps, 'jobs' | 'assertStorage' | 'statistics'>) {
  const assertReady = atMostEvery(READY_FOR_MS, async () => {
    await assertStorage();
    await jobs.ping();
  });
  return createRoutes()
    .openapi(live, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(ready, async (c) => {
      await assertReady();
      return c.json({ status: 'ok' as const, temporal: 'ok' as const, storage: 'ok' as const }, 200);
    })
    .openapi(whole, async (c) => {
      const [stuck] = await Promise.all([statistics.stuckWorkflows(), assertReady()]);
      c.header('Cache-Control', 'no-store');
      return c.json(toHealth(stuck), 200);
    });
}

function toHealth(found: StuckWorkflow[]): Health {
  const stuck = found.map(({ workflowId, type, taskId, cause, startedAt }) => ({
    workflow_id: workflowId,
    type,
    ...(taskId !== undefined && { task_id: taskId }),
    cause,
    started_at: startedAt.toISOString(),
  }));
  const names = stuck.map(({ workflow_id }) => workflow_id).join(', ');
  return {
    status: stuck.length > 0 ? 'degraded' : 'ok',
    ...(stuck.length > 0 && { reason: `The code of these workflows fails each time it runs: ${names}` }),
    temporal: 'ok',
    storage: 'ok',
    stuck,
  };
}
