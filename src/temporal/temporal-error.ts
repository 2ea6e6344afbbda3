import { status } from '@grpc/grpc-js';
import { type Client, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isErrorCode } from '../contracts/error-codes.ts';
import { isFailure, PipelineError } from '../errors.ts';

const UNAVAILABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  // A query while no worker has polled for some time.
  status.FAILED_PRECONDITION,
  // Temporal's database failed, or a shard is moving to another host.
  status.UNKNOWN,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/** Turns a gRPC status into an error that callers can act on. Other errors pass unchanged. */
export function toPipelineError(error: unknown, taskId?: string): unknown {
  const code = grpcStatus(error);
  if (error instanceof WorkflowNotFoundError || code === status.NOT_FOUND) {
    return new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId ?? 'of this name'}.`, {
      cause: error,
    });
  }
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    return new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The server that keeps the tasks refused the API key of this server. Its operator must correct TEMPORAL_API_KEY.',
      { cause: error, retryAfterMs: 60_000 },
    );
  }
  if (code !== undefined && UNAVAILABLE.has(code)) {
    return new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The server that keeps the tasks did not answer. Nothing was lost; send the same request again in a few seconds.',
      { cause: error, retryAfterMs: 5_000 },
    );
  }
  return error;
}

const CALL_TIMEOUT_MS = 5_000;

/** Calls Temporal's server. Rejects as `toPipelineError` says; a timeout is TEMPORAL_UNAVAILABLE. */
export async function callTemporal<T>(
  client: Pick<Client, 'withDeadline'>,
  work: () => Promise<T>,
  { taskId, timeoutMs = CALL_TIMEOUT_MS }: { taskId?: string | undefined; timeoutMs?: number } = {},
): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + timeoutMs, work);
  } catch (error) {
    throw toPipelineError(error, taskId);
  }
}

/** Resolves to undefined if there is no such execution. Rejects as `toPipelineError` says. */
export async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const known = toPipelineError(error);
    if (isFailure(known, 'TASK_NOT_FOUND')) {
      return undefined;
    }
    throw known;
  }
}

/** The gRPC status of a failed call, also in an error that the client made of it. */
export function grpcStatus(error: unknown): number | undefined {
  // Errors of native connections have the name of the client's class, and so count as instances of it.
  const cause = !isGrpcServiceError(error) && error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

/** The `PipelineError` that a workflow failed or refused with, from the first cause that has a code of ours. */
export function toWorkflowFailure(error: Error): PipelineError | undefined {
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
      return new PipelineError(cause.type, cause.message, { cause: error });
    }
  }
}
