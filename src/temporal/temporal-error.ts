import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { PipelineError } from '../errors.ts';

const GRPC = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
};
const AWAY: ReadonlySet<number> = new Set([
  GRPC.CANCELLED,
  GRPC.DEADLINE_EXCEEDED,
  GRPC.RESOURCE_EXHAUSTED,
  // A query where no worker has polled for a while.
  GRPC.FAILED_PRECONDITION,
  // Its database failed, or a part of it is being moved to another host.
  GRPC.UNKNOWN,
  GRPC.ABORTED,
  GRPC.INTERNAL,
  GRPC.UNAVAILABLE,
]);

/** What callers of the API can act on, in place of a gRPC status; anything else passes as it is. */
export function toPipelineError(error: unknown, taskId?: string): unknown {
  const status = grpcStatus(error);
  if (error instanceof WorkflowNotFoundError || status === GRPC.NOT_FOUND) {
    return new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId ?? 'of this name'}.`, {
      cause: error,
    });
  }
  if (status !== undefined && AWAY.has(status)) {
    return new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The job server did not answer. Nothing was lost; send the same request again in a few seconds.',
      { cause: error, retryAfterMs: 5_000 },
    );
  }
  return error;
}

function grpcStatus(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
