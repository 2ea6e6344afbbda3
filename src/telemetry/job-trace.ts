import { createHash } from 'node:crypto';
import {
  type Context,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';

/**
 * The trace id of a task is its id without the dashes, and the id of its root span is derived from it too. Every process
 * can compute both, so nothing is passed through Temporal, and a task's id is enough to find its trace.
 */
export function traceIdOf(taskId: string): string {
  return taskId.replaceAll('-', '').toLowerCase();
}

export function jobSpanIdOf(taskId: string): string {
  return createHash('sha256').update(`job/${taskId}`).digest('hex').slice(0, 16);
}

/** The context that spans of the task start in. */
export function jobContext(taskId: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(taskId),
    spanId: jobSpanIdOf(taskId),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

/** Records the spans that are known only when a job ends: the job itself, and its stages with their messages. */
export function traceJob(tracer: Tracer, startRoot: StartRoot, metadata: TaskMetadata): void {
  const { task_id, submitted_at, events, outcome } = metadata;
  const last = events.at(-1);
  if (!last || !outcome) {
    return;
  }
  const job = startRoot(tracer, task_id, {
    name: 'job',
    startTime: new Date(submitted_at),
    attributes: { 'limelight.task_id': task_id, 'limelight.outcome': last.data.stage },
  });
  if (!outcome.success) {
    job.setStatus({ code: SpanStatusCode.ERROR, message: `${outcome.error.code}: ${outcome.error.message}` });
  }
  for (const [index, { data, timestamp }] of events.entries()) {
    const next = events[index + 1];
    if (next) {
      tracer
        .startSpan(
          data.stage,
          {
            startTime: new Date(timestamp),
            attributes: {
              'limelight.message': data.message,
              'limelight.progress_percent': data.progress_percent,
            },
          },
          jobContext(task_id),
        )
        .end(new Date(next.timestamp));
    }
  }
  job.end(new Date(last.timestamp));
}

/** Starts the root span of a task's trace, with the id that all other spans have as their parent. */
export type StartRoot = (
  tracer: Tracer,
  taskId: string,
  span: { name: string; startTime: Date; attributes: Record<string, string> },
) => ReturnType<Tracer['startSpan']>;
