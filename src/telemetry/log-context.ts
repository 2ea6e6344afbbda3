import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

/** Fields of every log line that is written during one request or activity. */
export interface LogContext {
  readonly task_id?: string | undefined;
  readonly request_id?: string | undefined;
  readonly activity?: string | undefined;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Adds the fields of `context` to all log lines written in `work` and in everything that it starts. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run(context, work);
}

/** The fields for a line that is written now, with the ids of the active trace, if any. */
export function currentLogFields(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  return {
    ...storage.getStore(),
    ...(span && { trace_id: span.traceId, span_id: span.spanId }),
  };
}
