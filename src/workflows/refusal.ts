import { ApplicationFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../contracts/error-codes.ts';

/** What is wrong with what somebody asks for, in words for them: no repetition makes it right. */
export function refusal(type: ErrorCode, message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, ...(cause && { cause }) });
}
