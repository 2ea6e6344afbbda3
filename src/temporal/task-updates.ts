import {
  type Client,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { CHECK_CANCEL_UPDATE, CHOOSE_PERSON_UPDATE, toWorkflowId } from '../contracts/messages.ts';
import { RETRY_UPDATE, type RetryState, toRetryWindowId } from '../contracts/retry.ts';
import { PipelineError } from '../errors.ts';
import type { RetryRequest } from '../ports/job-client.ts';
import { toPipelineError, toWorkflowFailure } from './temporal-error.ts';

/** A worker answers in milliseconds, or in a second or two if it has to replay the job first. */
const UPDATE_TIMEOUT_MS = 5_000;
/** The retry window answers within 12 s, usually in milliseconds. */
const RETRY_TIMEOUT_MS = 15_000;
/** A job is cancelled without this check, whose answer is only for the caller. */
const CANCEL_CHECK_TIMEOUT_MS = 1_500;

/**
 * Updates, which workflows may refuse. Each rejects with the code and message of the refusal, with TASK_NOT_FOUND if no
 * such workflow is running, and with TEMPORAL_UNAVAILABLE if no worker answers in time; the update may still arrive then.
 */
export function createTaskUpdates(client: Client) {
  const update = async <T = void>(
    workflowId: string,
    name: string,
    args: unknown[],
    timeoutMs = UPDATE_TIMEOUT_MS,
  ): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + timeoutMs, () =>
        client.workflow
          .getHandle(workflowId)
          .executeUpdate<T, [unknown, ...unknown[]]>(name, { args: args as [unknown] }),
      );
    } catch (error) {
      throw toRefusal(error);
    }
  };
  return {
    choosePerson: (taskId: string, person: number) =>
      update(toWorkflowId(taskId), CHOOSE_PERSON_UPDATE, [person]),
    checkCancel: (taskId: string) =>
      update(toWorkflowId(taskId), CHECK_CANCEL_UPDATE, [], CANCEL_CHECK_TIMEOUT_MS),
    retry: (taskId: string, { from, key }: RetryRequest) =>
      update<RetryState>(
        toRetryWindowId(taskId),
        RETRY_UPDATE,
        [from ?? null, key ?? null],
        RETRY_TIMEOUT_MS,
      ),
  };
}

function toRefusal(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    return toWorkflowFailure(error) ?? error;
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The workers did not answer yet, and may still do what was asked. Send the same request again in a few seconds.',
      { cause: error, retryAfterMs: 5_000 },
    );
  }
  return toPipelineError(error);
}
