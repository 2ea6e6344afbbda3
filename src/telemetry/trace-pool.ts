import { trace } from '@opentelemetry/api';
import type { SlotPool } from '../ports/slot-task.ts';

/**
 * Adds a span around each run of a pool, including the wait for a free slot, and in it a span for each step that the child
 * process measured. The child itself sends no traces.
 */
export function tracePool<Input, Result, Progress>(
  name: string,
  pool: SlotPool<Input, Result, Progress>,
): SlotPool<Input, Result, Progress> {
  const tracer = trace.getTracer('limelight');
  return {
    ...pool,
    run: (input, options) =>
      tracer.startActiveSpan(`slot ${name}`, async (span) => {
        try {
          const result = await pool.run(input, options);
          traceSteps(result);
          return result;
        } finally {
          span.end();
        }
      }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The steps are consecutive and end with the run. */
function traceSteps(result: unknown): void {
  const { timingsMs } = (result ?? {}) as { timingsMs?: Record<string, number> };
  if (!timingsMs || !trace.getActiveSpan()?.isRecording()) {
    return;
  }
  const steps = Object.entries(timingsMs);
  let at = Date.now() - steps.reduce((sum, [, ms]) => sum + ms, 0);
  for (const [step, ms] of steps) {
    const span = trace.getTracer('limelight').startSpan(step, { startTime: new Date(at) });
    at += ms;
    span.end(new Date(at));
  }
}
