import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { GENERATE_VIDEO, taskIdOf } from '../contracts/messages.ts';
import type { TaskSummary } from '../contracts/schemas/task-status.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { Stage } from '../contracts/stages.ts';
import type { JobPage, JobQuery, JobStatus } from '../ports/job-client.ts';
import { readPage, toCursor } from './page-cursor.ts';
import { toIso, toMs } from './proto-time.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

/** Queries of Temporal's visibility. A job that an operator terminated counts as failed. */
const QUERIES: Record<JobStatus, string> = {
  running: "ExecutionStatus = 'Running'",
  completed: "ExecutionStatus = 'Completed'",
  failed: "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')",
  cancelled: "ExecutionStatus = 'Canceled'",
};

/** One page of jobs, newest first. A task that was retried is listed once, as its last attempt. */
export async function listJobs(client: Client, { status, owner, limit, cursor }: JobQuery): Promise<JobPage> {
  const { executions, nextPageToken } = await readPage('tasks', cursor, (token) =>
    client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      pageSize: limit,
      nextPageToken: token,
      query: [
        `WorkflowType = '${GENERATE_VIDEO}'`,
        ...(status ? [QUERIES[status]] : []),
        ...(owner === undefined ? [] : [`${SEARCH_ATTRIBUTES.key} = '${owner}'`]),
      ].join(' AND '),
    }),
  );
  const tasks = new Map<string, TaskSummary>();
  for (const execution of executions ?? []) {
    const task = toSummary(execution);
    if (!tasks.has(task.task_id)) tasks.set(task.task_id, task);
  }
  return {
    tasks: [...tasks.values()],
    ...(nextPageToken?.length && { nextCursor: toCursor('tasks', nextPageToken) }),
  };
}

function toSummary(info: proto.temporal.api.workflow.v1.IWorkflowExecutionInfo): TaskSummary {
  const read = (name: string): string | undefined => {
    const payload = info.searchAttributes?.indexedFields?.[name];
    const value = payload && defaultPayloadConverter.fromPayload<string | string[]>(payload);
    return Array.isArray(value) ? value[0] : value;
  };
  const status = toStatus(info.status);
  const stage = (read(SEARCH_ATTRIBUTES.stage) ?? 'INITIALIZED') as Stage;
  const provider = read(SEARCH_ATTRIBUTES.provider);
  return {
    task_id: taskIdOf(info.execution?.workflowId ?? '') ?? '',
    stage,
    status,
    ...(provider !== undefined && { provider }),
    submitted_at: toIso(toMs(info.startTime)),
    ...(info.closeTime && { ended_at: toIso(toMs(info.closeTime)) }),
  };
}

function toStatus(status: proto.temporal.api.enums.v1.WorkflowExecutionStatus | null | undefined): JobStatus {
  switch (status) {
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING:
      return 'running';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return 'completed';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED:
      return 'cancelled';
    default:
      return 'failed';
  }
}
