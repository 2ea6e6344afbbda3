import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { HttpMetrics } from '../../telemetry/metrics/http-metrics.ts';
import type { ApiEnv } from './api-env.ts';

/** Counts each request under the pattern of its route, when its answer begins. */
export function requestMetrics(metrics: HttpMetrics): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    // Middleware matches everything, and for each path there is a route of all other methods that says 405.
    const routes = matchedRoutes(c).filter(({ path }) => !path.endsWith('*'));
    const route = routes.find(({ method }) => method !== 'ALL') ?? routes[0];
    metrics.answered({
      // Of a method that no route has, anybody could invent more.
      method: route && route.method !== 'ALL' ? route.method : 'other',
      route: route?.path ?? 'none',
      status: c.res.status,
      seconds: (performance.now() - startedAt) / 1000,
    });
  };
}
