import { createRoute, z } from '@hono/zod-openapi';
import { TaskList, TaskState } from '../../contracts/schemas/task-status.ts';
import { ownerSeenBy } from '../access/caller.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const DEFAULT_LIMIT = 20;

const list = createRoute({
  method: 'get',
  path: '/api/pipeline/tasks',
  tags: ['Tasks'],
  summary: 'Recent tasks, newest first',
  description:
    'By the time of submission, as long as Temporal keeps them. A key without the scope `admin` sees its own tasks only. A new task appears within a second.',
  request: {
    query: z.object({
      status: TaskState.optional(),
      limit: z.coerce.number().int().min(1).max(100).optional().openapi({ type: 'integer', example: 20 }),
      cursor: z
        .string()
        .min(1)
        .max(2000)
        .optional()
        .openapi({ description: 'The `next_cursor` of the previous page.' }),
    }),
  },
  responses: {
    200: { description: 'One page.', content: { 'application/json': { schema: TaskList } } },
    ...problems('INPUT_INVALID', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function taskListRoutes({ jobs }: Pick<ApiDeps, 'jobs'>) {
  return createRoutes().openapi(list, async (c) => {
    const { status, cursor, limit = DEFAULT_LIMIT } = c.req.valid('query');
    const owner = ownerSeenBy(c.get('caller'));
    const page = await jobs.list({
      limit,
      ...(status && { status }),
      ...(cursor && { cursor }),
      ...(owner !== undefined && { owner }),
    });
    c.header('Cache-Control', 'no-store');
    return c.json({ tasks: page.tasks, ...(page.nextCursor && { next_cursor: page.nextCursor }) }, 200);
  });
}
