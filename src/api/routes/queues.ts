import { createRoute, z } from '@hono/zod-openapi';
import { QUEUES, type QueueName } from '../../contracts/queues.ts';
import type { ApiDeps } from '../api-deps.ts';
import { problems } from '../wire/problem.ts';
import { QueueStatus } from '../wire/queues.ts';
import { createRoutes } from './create-routes.ts';

const NAMES = Object.keys(QUEUES) as QueueName[];

const queues = createRoute({
  method: 'get',
  path: '/api/queues',
  tags: ['Operation'],
  summary: 'What waits in each of the queues, and who takes it',
  responses: {
    200: {
      description: 'As of now, by the name of the queue.',
      content: { 'application/json': { schema: z.record(z.enum(NAMES), QueueStatus) } },
    },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function queueRoutes({ statistics }: Pick<ApiDeps, 'statistics'>) {
  return createRoutes().openapi(queues, async (c) => {
    const read = async (name: QueueName) => {
      const { waiting, oldestMs, pollers } = await statistics.queue(name);
      return [name, { waiting, oldest_ms: Math.round(oldestMs), workers: pollers }] as const;
    };
    c.header('Cache-Control', 'no-store');
    const all = Object.fromEntries(await Promise.all(NAMES.map(read)));
    return c.json(all as Record<QueueName, z.infer<typeof QueueStatus>>, 200);
  });
}
