import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Info } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { taskIdOf } from '../contracts/messages.ts';
import { jobContext } from './job-trace.ts';
import { withLogContext } from './log-context.ts';

/**
 * Wraps every attempt of every activity: its log lines have the task and the activity, and the task's trace gets a span for
 * the wait in the queue and one for the run.
 */
export function observeActivity({ info }: Context): ActivityInterceptors {
  const taskId = info.workflowExecution && taskIdOf(info.workflowExecution.workflowId);
  return {
    inbound: {
      execute: (input, next) =>
        withLogContext({ ...(taskId && { task_id: taskId }), activity: info.activityType }, () =>
          taskId ? traceAttempt(info, taskId, () => next(input)) : next(input),
        ),
    },
  };
}

async function traceAttempt<T>(info: Info, taskId: string, run: () => Promise<T>): Promise<T> {
  const tracer = trace.getTracer('limelight');
  const parent = jobContext(taskId);
  const attributes = {
    'limelight.task_id': taskId,
    'temporal.task_queue': info.taskQueue,
    'temporal.attempt': info.attempt,
  };
  tracer
    .startSpan(
      `wait ${info.taskQueue}`,
      { attributes, startTime: info.currentAttemptScheduledTimestampMs },
      parent,
    )
    .end();
  const options = { kind: SpanKind.CONSUMER, attributes };
  return tracer.startActiveSpan(info.activityType, options, parent, async (span) => {
    try {
      return await run();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
