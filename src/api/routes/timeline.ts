import { createRoute } from '@hono/zod-openapi';
import { Timeline, TimelineSummary } from '../../contracts/schemas/timeline.ts';
import { readTimeline } from '../tasks/read-timeline.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import type { RecentTimelines } from '../tasks/timeline-summary.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const timeline = createRoute({
  method: 'get',
  path: '/api/pipeline/tasks/{task_id}/timeline',
  tags: ['Follow'],
  summary: 'Where the time of a task went',
  request: { params: TaskParams },
  responses: {
    200: {
      description: 'By stage and step. For a running task, up to now.',
      content: { 'application/json': { schema: Timeline } },
    },
    ...problems('TASK_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'),
  },
});

const summary = createRoute({
  method: 'get',
  path: '/api/pipeline/timeline',
  tags: ['Operation'],
  summary: 'Where the time of the last day went',
  responses: {
    200: {
      description: 'Percentiles over the tasks that ended in the last 24 hours, from their records.',
      content: { 'application/json': { schema: TimelineSummary } },
    },
    ...problems(),
  },
});

export function timelineRoutes(
  deps: Pick<ApiDeps, 'timelines' | 'records' | 'store'>,
  recent: RecentTimelines,
) {
  return createRoutes()
    .openapi(timeline, async (c) => {
      c.header('Cache-Control', 'no-store');
      return c.json(await readTimeline(deps, taskParam(c)), 200);
    })
    .openapi(summary, async (c) => c.json(await recent.read(), 200));
}
