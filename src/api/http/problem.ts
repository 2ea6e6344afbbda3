import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Problem } from '../../contracts/schemas/problem.ts';
import { PipelineError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ApiEnv } from './api-env.ts';
import { toLoggedPath } from './observe-request.ts';

const DEFAULT_RETRY_AFTER_MS = 5_000;
/** Statuses after which the same request may succeed later. */
export const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 503, 507]);

/** The one place that turns an error into a response. Details of unexpected errors go to the log only. */
export function createErrorHandler(logger: Logger) {
  return (thrown: Error, c: Context<ApiEnv>): Response => {
    const error = toExpected(thrown);
    if (error !== thrown && !(thrown instanceof HTTPException)) {
      // A client that has left causes failures that are no fault of the server. They must not fill its log.
      const hasLeft = c.req.raw.signal.aborted || c.env?.incoming?.socket?.destroyed;
      logger[hasLeft ? 'debug' : 'error'](
        { err: thrown, request_id: c.get('requestId'), path: toLoggedPath(c.req.path) },
        'Request failed',
      );
    }
    const problem = toProblem(error, c.req.path, c.get('taskId'));
    c.header('Content-Type', 'application/problem+json');
    c.header('Cache-Control', 'no-store');
    if (RETRYABLE_STATUSES.has(problem.status)) {
      c.header('Retry-After', String(Math.ceil((error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) / 1000)));
    }
    if (problem.status === 401) {
      c.header('WWW-Authenticate', 'Bearer realm="limelight"');
    }
    return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode);
  };
}

export function toProblem(error: PipelineError, instance: string, taskId?: string): Problem {
  const { code, status, message, details } = error;
  const words = code.toLowerCase().replaceAll('_', ' ');
  return {
    type: `urn:limelight:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: words[0]!.toUpperCase() + words.slice(1),
    status,
    detail: message,
    instance,
    code,
    ...(taskId && { task_id: taskId }),
    ...(details && { details }),
  };
}

function toExpected(error: unknown): PipelineError {
  if (error instanceof PipelineError) {
    return error;
  }
  if (error instanceof HTTPException && error.status < 500) {
    return new PipelineError('REQUEST_MALFORMED', error.message || STATUS_CODES[error.status]!);
  }
  return new PipelineError(
    'INTERNAL',
    'An unexpected error happened on the server. Send the request again. If it fails again, give the operator its X-Request-Id.',
  );
}
