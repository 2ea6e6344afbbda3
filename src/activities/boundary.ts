import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import { isDiskFailure, isDiskFull, isFailure, PipelineError, storageFull } from '../errors.ts';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Turns `PipelineError`s into `ApplicationFailure`s, the one error type that Temporal serializes faithfully.
 *
 * @param assertStorage is called after a failure. If it rejects with STORAGE_UNAVAILABLE, that is the reason: a decoder whose
 *   file vanishes reports a damaged photo. Leave it out for activities that must not be repeated.
 */
export function withFailureBoundary<A extends Record<keyof A, Activity>>(
  activities: A,
  assertStorage?: () => Promise<void>,
): A {
  const wrapped = Object.entries<Activity>(activities).map(([name, activity]) => [
    name,
    withBoundary(activity, assertStorage),
  ]);
  return Object.fromEntries(wrapped) as A;
}

function withBoundary(activity: Activity, assertStorage: (() => Promise<void>) | undefined): Activity {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      throw toFailure((assertStorage && (await findOutage(error, assertStorage))) ?? error);
    }
  };
}

/** The error of the store, if it does not respond now and the work was not cancelled. */
async function findOutage(
  error: unknown,
  assertStorage: () => Promise<void>,
): Promise<PipelineError | undefined> {
  if (isFailure(error, 'STORAGE_UNAVAILABLE', 'STORAGE_FULL') || cancellationSignal().aborted) {
    return undefined;
  }
  try {
    await assertStorage();
  } catch (outage) {
    return isFailure(outage, 'STORAGE_UNAVAILABLE') ? outage : undefined;
  }
}

/** Files of activities lie in the store or beside it. An outage of the disk may be over by now. */
function findDiskError(error: unknown): PipelineError | undefined {
  if (isDiskFull(error)) {
    return storageFull(error);
  }
  return isDiskFailure(error)
    ? new PipelineError('STORAGE_UNAVAILABLE', 'The disk of the storage fails or is read-only', {
        cause: error,
      })
    : undefined;
}

function toFailure(error: unknown): unknown {
  const known = error instanceof PipelineError ? error : (findDiskError(error) ?? error);
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
