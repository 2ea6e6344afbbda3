import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

/** What every line says that is written while one request or activity is worked on. */
export interface LogContext {
  readonly task_id?: string | undefined;
  readonly request_id?: string | undefined;
  readonly activity?: string | undefined;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Lines of the log that are written in `work`, and in all that it starts, carry the fields of `context`. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run(context, work);
}

/** The fields for a line that is written now, with the ids of the trace that it belongs to where there is one. */
export function currentLogFields(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  return {
    ...storage.getStore(),
    ...(span && { trace_id: span.traceId, span_id: span.spanId }),
  };
}
