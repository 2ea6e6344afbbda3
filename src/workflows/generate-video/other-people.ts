import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Person } from '../../contracts/schemas/job-outcome.ts';
import { toJobError } from '../job-error.ts';
import { refusal } from '../refusal.ts';

/** Where a face is what is wrong and the photo shows others too, the words say that one of them may do. */
export function withOtherPersons(error: unknown, persons: readonly Person[], chosen: Person): unknown {
  if (isCancellation(error) || persons.length === 1) {
    return error;
  }
  const { code, message } = toJobError(error);
  return code === 'FACE_NOT_FOUND' || code === 'FACE_UNSUITABLE'
    ? refusal(
        code,
        `${message} Or choose another person: the photo shows ${persons.length}, and this is #${chosen.id}.`,
        error instanceof ActivityFailure ? error : undefined,
      )
    : error;
}
