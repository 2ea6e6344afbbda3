import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  rootCause,
  TimeoutFailure,
} from '@temporalio/workflow';
import { ERROR_CODES, isErrorCode } from '../contracts/error-codes.ts';
import type { JobError } from '../contracts/schemas/job-outcome.ts';

/** What a failed job tells its client: the code and the words of the failure at the root, never a stack. */
export function toJobError(error: unknown): Pick<JobError, 'code' | 'message' | 'retryable'> {
  if (isCancellation(error)) {
    return { code: 'TASK_CANCELLED', message: 'The job was cancelled.', retryable: true };
  }
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure && isErrorCode(failure.type)) {
    return { code: failure.type, message: failure.message, retryable: ERROR_CODES[failure.type].retryable };
  }
  if (failure instanceof TimeoutFailure) {
    return {
      code: 'SLOT_TIMEOUT',
      message:
        'The machines that do this work stopped answering or took too long, three times. Submit it again later.',
      retryable: true,
    };
  }
  return {
    code: 'INTERNAL',
    message: rootCause(error) ?? 'Something unexpected went wrong.',
    retryable: true,
  };
}
