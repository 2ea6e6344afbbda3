import { status } from '@grpc/grpc-js';
import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { StuckWorkflow } from '../ports/pipeline-statistics.ts';
import { type ListedExecution, listExecutions, readAttributes } from './list-executions.ts';
import { toMs } from './proto-time.ts';
import { callTemporal, grpcStatus } from './temporal-error.ts';

/** Set by Temporal after several consecutive failures of a workflow task, and removed after the next success. */
const PROBLEMS = 'TemporalReportedProblems';
const QUERY = `ExecutionStatus = 'Running' AND ${PROBLEMS} IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`;
/** Usually one bug stops all of them, and the first few show it. */
const MAX_LISTED = 20;

/**
 * The workflows whose code fails each time it runs, at most 20 of them. Temporal before 1.30 lists none. Rejects with
 * TEMPORAL_UNAVAILABLE.
 */
export async function listStuckWorkflows(client: Client): Promise<StuckWorkflow[]> {
  try {
    return await callTemporal(client, () =>
      Array.fromAsync(listExecutions(client, QUERY, MAX_LISTED), toStuck),
    );
  } catch (error) {
    // The attribute is unknown.
    if (grpcStatus(error) === status.INVALID_ARGUMENT) {
      return [];
    }
    throw error;
  }
}

function toStuck(info: ListedExecution): StuckWorkflow {
  const workflowId = info.execution?.workflowId ?? '';
  const [taskId = UUID.exec(workflowId)?.[0]] = readAttributes(info, SEARCH_ATTRIBUTES.taskId);
  const problems = readAttributes(info, PROBLEMS);
  return {
    workflowId,
    type: info.type?.name ?? '',
    ...(taskId !== undefined && { taskId }),
    cause: problems.find((problem) => problem.startsWith(CAUSE))?.slice(CAUSE.length) ?? 'unknown',
    startedAt: new Date(toMs(info.startTime)),
  };
}

const CAUSE = 'cause=';
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/;
