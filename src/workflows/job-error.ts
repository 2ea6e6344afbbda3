import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  rootCause,
  TimeoutFailure,
} from '@temporalio/workflow';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../contracts/error-codes.ts';
import type { FaceRefusal } from '../contracts/face-refusals.ts';
import type { JobError } from '../contracts/schemas/job-outcome.ts';

/**
 * A failure that no retry avoids. The message tells the user what to change.
 * @param face what is wrong with the face, for clients that have their own words
 */
export function refusal(
  type: ErrorCode,
  message: string,
  cause?: Error,
  face?: FaceRefusal,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    ...(cause && { cause }),
    ...(face && { details: [face] }),
  });
}

/** The facts of a refused face, as `refuseFace` and `refusal` put them into the details. */
function faceRefusalOf({ type, details }: ApplicationFailure): FaceRefusal | undefined {
  const [facts] = (details ?? []) as Array<FaceRefusal | undefined>;
  return (type === 'FACE_UNSUITABLE' || type === 'FACE_NOT_FOUND') && facts?.reason ? facts : undefined;
}

/** The failure that an activity or the workflow itself has thrown. `undefined` for any other error, such as a timeout. */
export function thrownFailureOf(error: unknown): ApplicationFailure | undefined {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof ApplicationFailure ? failure : undefined;
}

/** The error code of a failure. `undefined` if it has none, such as a timeout. */
export function codeOf(error: unknown): string | undefined {
  return thrownFailureOf(error)?.type ?? undefined;
}

/** Whether an activity timed out, so that nothing is known about what it did. */
export function isActivityTimeout(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

/** Why a job failed, for its client: code and message of the root failure, never a stack. */
export function toJobError(error: unknown): Pick<JobError, 'code' | 'message' | 'retryable' | 'face'> {
  if (isCancellation(error)) {
    return { code: 'TASK_CANCELLED', message: 'The task was cancelled.', retryable: true };
  }
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure && isErrorCode(failure.type)) {
    const face = faceRefusalOf(failure);
    return {
      code: failure.type,
      message: failure.message,
      retryable: ERROR_CODES[failure.type].retryable,
      ...(face && { face }),
    };
  }
  if (failure instanceof TimeoutFailure) {
    return {
      code: 'SLOT_TIMEOUT',
      message:
        'The workers for this step stopped or took too long, three times. Submit the task again later.',
      retryable: true,
    };
  }
  return {
    code: 'INTERNAL',
    message: rootCause(error) ?? 'An unexpected error occurred.',
    retryable: true,
  };
}
