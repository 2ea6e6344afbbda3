import {
  type Client,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isErrorCode } from '../contracts/error-codes.ts';
import { CANCEL_UPDATE, CHOOSE_PERSON_UPDATE, toWorkflowId } from '../contracts/messages.ts';
import { RETRY_UPDATE, type RetryPoint, toRetryWindowId } from '../contracts/retry.ts';
import { PipelineError } from '../errors.ts';
import { toPipelineError } from './temporal-error.ts';

/** A worker answers in milliseconds; one that has to replay the job first, in a second or two. */
const UPDATE_TIMEOUT_MS = 5_000;
/** A cancellation needs no worker: it is only asked whether it comes too late. */
const CANCEL_QUESTION_TIMEOUT_MS = 1_500;

/**
 * Questions to workflows that they may refuse. Each rejects with the code and words of the refusal, with TASK_NOT_FOUND
 * where no such workflow runs, and with TEMPORAL_UNAVAILABLE where no worker answers in time; it may be heard later then.
 */
export function createTaskUpdates(client: Client) {
  const update = async (workflowId: string, name: string, args: unknown[], timeoutMs = UPDATE_TIMEOUT_MS) => {
    try {
      await client.withDeadline(Date.now() + timeoutMs, () =>
        client.workflow
          .getHandle(workflowId)
          .executeUpdate<void, [unknown, ...unknown[]]>(name, { args: args as [unknown] }),
      );
    } catch (error) {
      throw toRefusal(error);
    }
  };
  return {
    choosePerson: (taskId: string, person: number) =>
      update(toWorkflowId(taskId), CHOOSE_PERSON_UPDATE, [person]),
    cancel: (taskId: string) => update(toWorkflowId(taskId), CANCEL_UPDATE, [], CANCEL_QUESTION_TIMEOUT_MS),
    retry: (taskId: string, from: RetryPoint | undefined) =>
      update(toRetryWindowId(taskId), RETRY_UPDATE, [from ?? null]),
  };
}

function toRefusal(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    return cause instanceof ApplicationFailure && isErrorCode(cause.type)
      ? new PipelineError(cause.type, cause.message, { cause: error })
      : error;
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The machines that do the work did not answer. Send the same request again in a few seconds.',
      { cause: error, retryAfterMs: 5_000 },
    );
  }
  return toPipelineError(error);
}
