import { ApplicationFailure } from '@temporalio/activity';
import { isDiskFull, PipelineError, storageFull } from '../errors.ts';

type Activity = (...args: never[]) => Promise<unknown>;

/** Turns `PipelineError`s into `ApplicationFailure`s, the one error type that Temporal serializes faithfully. */
export function withFailureBoundary<A extends Record<keyof A, Activity>>(activities: A): A {
  const wrapped = Object.entries<Activity>(activities).map(([name, activity]) => [
    name,
    withBoundary(activity),
  ]);
  return Object.fromEntries(wrapped) as A;
}

function withBoundary(activity: Activity): Activity {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

function toFailure(error: unknown): unknown {
  const known = isDiskFull(error) && !(error instanceof PipelineError) ? storageFull(error) : error;
  // Anything else is Temporal's own (cancellation must pass untouched) or unknown (retried, as it may be an outage).
  if (!(known instanceof PipelineError)) {
    return known;
  }
  return ApplicationFailure.create({
    type: known.code,
    message: known.message,
    nonRetryable: !known.retryable,
    cause: known,
    ...(known.details && { details: [known.details] }),
    ...(known.retryAfterMs !== undefined && { nextRetryDelay: known.retryAfterMs }),
  });
}
