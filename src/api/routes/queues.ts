import { createRoute, z } from '@hono/zod-openapi';
import { QUEUES } from '../../contracts/queues.ts';
import { QueueStatus } from '../../contracts/schemas/operation.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const queues = createRoute({
  method: 'get',
  path: '/api/queues',
  tags: ['Operation'],
  summary: 'What waits in each queue, and how many workers poll it',
  responses: {
    200: {
      description: 'The current state, by the name of the queue.',
      content: { 'application/json': { schema: z.record(z.string(), QueueStatus) } },
    },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function queueRoutes({ statistics, providers }: Pick<ApiDeps, 'statistics' | 'providers'>) {
  const remote = providers.filter(({ descriptor }) => descriptor.kind === 'remote');
  const names = {
    ...QUEUES,
    ...Object.fromEntries(remote.map(({ descriptor: { name } }) => [name, name])),
  };
  return createRoutes().openapi(queues, async (c) => {
    const read = async ([name, queue]: [name: string, queue: string]) => {
      const { waiting, oldestMs, pollers } = await statistics.queue(queue);
      return [name, { waiting, oldest_ms: Math.round(oldestMs), workers: pollers }] as const;
    };
    c.header('Cache-Control', 'no-store');
    return c.json(Object.fromEntries(await Promise.all(Object.entries(names).map(read))), 200);
  });
}
