import type { MiddlewareHandler } from 'hono';
import { withLogContext } from '../../telemetry/log-context.ts';
import type { ApiEnv } from './api-env.ts';

/** Whatever is logged while a request is answered says which, and which task it is about once that is known. */
export function requestContext(): MiddlewareHandler<ApiEnv> {
  return (c, next) =>
    withLogContext(
      {
        request_id: c.get('requestId'),
        get task_id() {
          return c.get('taskId');
        },
      },
      next,
    );
}
