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
 * The trace of a task is its id without the dashes, and the id of its first span follows from it too: every process knows
 * them, so nothing has to be handed through Temporal, and who has a task's id finds its trace.
 */
export function traceIdOf(taskId: string): string {
  return taskId.replaceAll('-', '').toLowerCase();
}

export function jobSpanIdOf(taskId: string): string {
  return createHash('sha256').update(`job/${taskId}`).digest('hex').slice(0, 16);
}

/** In which spans of the task begin. */
export function jobContext(taskId: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(taskId),
    spanId: jobSpanIdOf(taskId),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

/** The spans that only the end of a job can tell: the job itself, and its stages with their messages. */
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

/** Starts the first span of a task's trace, under the id that all others name as their parent. */
export type StartRoot = (
  tracer: Tracer,
  taskId: string,
  span: { name: string; startTime: Date; attributes: Record<string, string> },
) => ReturnType<Tracer['startSpan']>;
