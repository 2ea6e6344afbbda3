import type { MiddlewareHandler } from 'hono';
import type { Logger } from '../../telemetry/logger.ts';
import type { ApiEnv } from './api-env.ts';

/** One line a request, when its answer begins. The path only: a query may hold a signature. */
export function accessLog(logger: Logger): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { method } = c.req;
    const path = toLoggedPath(c.req.path);
    const level = path.startsWith('/health/') ? 'debug' : 'info';
    logger[level](
      {
        request_id: c.get('requestId'),
        task_id: c.get('taskId'),
        method,
        path,
        status: c.res.status,
        ms: Math.round(performance.now() - startedAt),
      },
      'Request',
    );
  };
}

/** The end of a webhook's path is its password. */
export function toLoggedPath(path: string): string {
  return path.replace(/^(\/api\/webhooks\/[^/]+\/).+/, '$1{secret}');
}
