import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { jobContext } from '../../telemetry/job-trace.ts';
import type { ApiEnv } from './api-env.ts';

/** `00-<trace>-<span>-<flags>` of W3C Trace Context. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * A span for each request that changes a task, in the task's own trace: which that is shows only while it is answered. A
 * caller's trace is linked, not joined, so that a task has one trace however many requests act on it. Reading is not
 * traced: who watches a job is no part of it.
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
