import { createRoute, z } from '@hono/zod-openapi';
import { TaskList, TaskState, type TaskSummary } from '../../contracts/schemas/task-status.ts';
import { ignoreStorageOutage } from '../../errors.ts';
import { ownerSeenBy } from '../access/caller.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const DEFAULT_LIMIT = 20;
const NAMES_AT_ONCE = 50;

const list = createRoute({
  method: 'get',
  path: '/api/pipeline/tasks',
  tags: ['Follow'],
  summary: 'Recent tasks, newest first',
  description:
    'By the time of submission, as long as Temporal keeps them. A key without the scope `admin` sees its own tasks only. A new task appears within a second. With `search` a page may have fewer tasks than `limit`; follow `next_cursor` for more.',
  request: {
    query: z.object({
      status: TaskState.optional(),
      search: z.string().trim().min(1).max(100).optional().openapi({
        description: 'Only tasks whose name contains this, or whose id begins with it.',
      }),
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

export function taskListRoutes({ jobs, names }: Pick<ApiDeps, 'jobs' | 'names'>) {
  const withNames = (tasks: TaskSummary[]) =>
    Promise.all(
      tasks.map(async (task) => {
        // A task has the name of its submission while the store does not respond.
        const name = await ignoreStorageOutage(names.read(task.task_id));
        return name === undefined ? task : { ...task, name };
      }),
    );
  /** The first tasks that match, and one more if there is one. Each name is an object of the store, so not all at once. */
  const find = async (tasks: TaskSummary[], search: string, limit: number) => {
    const found: TaskSummary[] = [];
    for (let start = 0; start < tasks.length && found.length <= limit; start += NAMES_AT_ONCE) {
      const some = await withNames(tasks.slice(start, start + NAMES_AT_ONCE));
      found.push(...some.filter((task) => isMatch(task, search)));
    }
    return found;
  };
  return createRoutes().openapi(list, async (c) => {
    const { status, search, cursor, limit = DEFAULT_LIMIT } = c.req.valid('query');
    const owner = ownerSeenBy(c.get('caller'));
    const page = await jobs.list({
      limit,
      ...(status && { status }),
      ...(cursor && { cursor }),
      ...(owner !== undefined && { owner }),
      ...(search && {
        select: (tasks: TaskSummary[]) => find(tasks, search.toLocaleLowerCase(), limit),
      }),
    });
    c.header('Cache-Control', 'no-store');
    return c.json(
      { tasks: await withNames(page.tasks), ...(page.nextCursor && { next_cursor: page.nextCursor }) },
      200,
    );
  });
}

function isMatch({ name = '', task_id }: TaskSummary, search: string): boolean {
  return name.toLocaleLowerCase().includes(search) || task_id.startsWith(search);
}
