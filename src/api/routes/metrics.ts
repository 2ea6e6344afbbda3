import { createRoute, z } from '@hono/zod-openapi';
import type { ApiDeps } from '../api-deps.ts';
import { createRoutes } from './create-routes.ts';

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Operation'],
  summary: 'For Prometheus: this process, and the pipeline as a whole as Temporal knows it',
  responses: {
    200: { description: 'Its text format.', content: { 'text/plain': { schema: z.string() } } },
  },
});

export function metricsRoutes({ metrics }: Pick<ApiDeps, 'metrics'>) {
  return createRoutes().openapi(metricsRoute, async (c) =>
    c.text(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
}
