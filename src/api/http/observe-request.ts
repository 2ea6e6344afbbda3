import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { jobContext } from '../../telemetry/job-trace.ts';
import { withLogContext } from '../../telemetry/log-context.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { HttpMetrics } from '../../telemetry/metrics/http-metrics.ts';
import type { ApiEnv } from './api-env.ts';

/** Adds the request's id, and its task's id once that is known, to every line logged while the request is answered. */
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

/** Logs one line per request when its answer begins, without the query, which may contain a signature. */
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

/** The last part of a webhook's path is a secret. */
export function toLoggedPath(path: string): string {
  return path.replace(/^(\/api\/webhooks\/[^/]+\/).+/, '$1{secret}');
}

/** Counts each request by the pattern of its route when its answer begins. */
export function requestMetrics(metrics: HttpMetrics): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    // Middleware matches every path, and each path also has a route for all other methods, which answers 405.
    const routes = matchedRoutes(c).filter(({ path }) => !path.endsWith('*'));
    const route = routes.find(({ method }) => method !== 'ALL') ?? routes[0];
    metrics.answered({
      // Clients can invent methods, and each label value is a new series.
      method: route && route.method !== 'ALL' ? route.method : 'other',
      route: route?.path ?? 'none',
      status: c.res.status,
      seconds: (performance.now() - startedAt) / 1000,
    });
  };
}

/** `00-<trace>-<span>-<flags>` of W3C Trace Context. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Adds a span for each request that changes a task to the task's own trace. The task is known only once the request is
 * answered. A caller's trace is linked, not joined, so that a task has one trace however many requests act on it.
 * Reads are not traced.
 */
export function traceRequest(): MiddlewareHandler<ApiEnv> {
  const tracer = trace.getTracer('limelight');
  return async (c, next) => {
    const startTime = new Date();
    await next();
    const taskId = c.get('taskId');
    if (!taskId || c.req.method === 'GET' || c.req.method === 'HEAD') {
      return;
    }
    const caller = TRACEPARENT.exec(c.req.header('traceparent') ?? '');
    const span = tracer.startSpan(
      `${c.req.method} ${c.req.path.replace(taskId, '{task_id}')}`,
      {
        kind: SpanKind.SERVER,
        startTime,
        attributes: {
          'http.request.method': c.req.method,
          'http.response.status_code': c.res.status,
          'limelight.task_id': taskId,
          'limelight.request_id': c.get('requestId'),
        },
        ...(caller && {
          links: [
            {
              context: {
                traceId: caller[1]!,
                spanId: caller[2]!,
                traceFlags: Number.parseInt(caller[3]!, 16),
              },
            },
          ],
        }),
      },
      jobContext(taskId),
    );
    if (c.res.status >= 500) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };
}
