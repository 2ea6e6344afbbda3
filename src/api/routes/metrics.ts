import { createRoute, z } from '@hono/zod-openapi';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Operation'],
  summary: 'Prometheus metrics of this process, and of the whole pipeline as Temporal reports it',
  responses: {
    200: { description: 'The Prometheus text format.', content: { 'text/plain': { schema: z.string() } } },
  },
});

export function metricsRoutes({ metrics }: Pick<ApiDeps, 'metrics'>) {
  return createRoutes().openapi(metricsRoute, async (c) =>
    c.text(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
}
