import { status } from '@grpc/grpc-js';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { StuckWorkflow } from '../ports/pipeline-statistics.ts';
import { TASK_ID } from './search-attribute-keys.ts';
import { callTemporal, grpcStatus } from './temporal-error.ts';

/** Set by Temporal after several consecutive failures of a workflow task, and removed after the next success. */
const PROBLEMS = defineSearchAttributeKey('TemporalReportedProblems', 'KEYWORD_LIST');
const QUERY = `ExecutionStatus = 'Running' AND ${PROBLEMS.name} IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`;
/** Usually one bug stops all of them, and the first few show it. */
const MAX_LISTED = 20;

/**
 * The workflows whose code fails each time it runs, at most 20 of them. Temporal before 1.30 lists none. Rejects with
 * TEMPORAL_UNAVAILABLE.
 */
export async function listStuckWorkflows(client: Client): Promise<StuckWorkflow[]> {
  try {
    return await callTemporal(client, async () => {
      const stuck: StuckWorkflow[] = [];
      for await (const execution of client.workflow.list({ query: QUERY, pageSize: MAX_LISTED })) {
        stuck.push(toStuck(execution));
        if (stuck.length === MAX_LISTED) {
          break;
        }
      }
      return stuck;
    });
  } catch (error) {
    // The attribute is unknown.
    if (grpcStatus(error) === status.INVALID_ARGUMENT) {
      return [];
    }
    throw error;
  }
}

function toStuck({
  workflowId,
  type,
  startTime,
  typedSearchAttributes,
}: WorkflowExecutionInfo): StuckWorkflow {
  const problems = typedSearchAttributes.get(PROBLEMS) ?? [];
  const taskId = typedSearchAttributes.get(TASK_ID) ?? UUID.exec(workflowId)?.[0];
  return {
    workflowId,
    type,
    ...(taskId !== undefined && { taskId }),
    cause: problems.find((problem) => problem.startsWith(CAUSE))?.slice(CAUSE.length) ?? 'unknown',
    startedAt: startTime,
  };
}

const CAUSE = 'cause=';
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/;
