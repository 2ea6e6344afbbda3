import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ERROR_CODES, isErrorCode } from '../contracts/error-codes.ts';
import { GENERATE_VIDEO } from '../contracts/messages.ts';
import { QUEUES } from '../contracts/queues.ts';
import { RETAIN_STORAGE } from '../contracts/retention.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { RUNNING_STAGES, type Stage } from '../contracts/stages.ts';
import type { JobEnd, PipelineStatistics } from '../ports/pipeline-statistics.ts';
import { type ListedExecution, listExecutions, readAttributes } from './list-executions.ts';
import { toMs } from './proto-time.ts';
import { listStuckWorkflows } from './stuck-workflows.ts';
import { callTemporal, toPipelineError } from './temporal-error.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

const JOBS = `WorkflowType = '${GENERATE_VIDEO}'`;
const RUNNING = `${JOBS} AND ExecutionStatus = 'Running'`;

/** Failures that only different input avoids. Missing credits have such a status too, but are the operator's problem. */
const REFUSALS = Object.keys(ERROR_CODES).filter(isRefusal);

/** `PipelineStatistics` over a Temporal client, from its visibility store. */
export function createTemporalStatistics({ client }: { client: Client }): PipelineStatistics {
  const call = <T>(work: () => Promise<T>) => callTemporal(client, work);
  const count = async (query: string) => (await call(() => client.workflow.count(query))).count;

  return {
    async *endedJobs(from, to) {
      const query = `${JOBS} AND CloseTime > '${from.toISOString()}' AND CloseTime <= '${to.toISOString()}'`;
      try {
        for await (const execution of listExecutions(client, query)) {
          const [provider = 'unknown'] = readAttributes(execution, SEARCH_ATTRIBUTES.provider);
          const tookMs = toMs(execution.closeTime) - toMs(execution.startTime);
          yield { end: toEnd(execution), provider, tookMs };
        }
      } catch (error) {
        throw toPipelineError(error);
      }
    },

    async countEnds(since) {
      const ended = `${JOBS} AND CloseTime > '${since.toISOString()}'`;
      const [{ groups }, refused] = await Promise.all([
        call(() => client.workflow.count(`${ended} GROUP BY ExecutionStatus`)),
        count(
          `${ended} AND ExecutionStatus = 'Failed' AND ${SEARCH_ATTRIBUTES.error} IN (${REFUSALS.map((code) => `'${code}'`).join(', ')})`,
        ),
      ]);
      const byStatus = new Map(groups.map(({ groupValues, count }) => [String(groupValues[0]), count]));
      const sum = (...statuses: string[]) =>
        statuses.reduce((total, status) => total + (byStatus.get(status) ?? 0), 0);
      return {
        completed: sum('Completed'),
        failed: sum('Failed', 'Terminated', 'TimedOut') - refused,
        refused,
        cancelled: sum('Canceled'),
      };
    },

    countRunning: () => count(RUNNING),

    async countRunningByStage() {
      const counts = await Promise.all(
        RUNNING_STAGES.map(
          async (stage): Promise<[Stage, number]> => [
            stage,
            await count(`${RUNNING} AND ${SEARCH_ATTRIBUTES.stage} = '${stage}'`),
          ],
        ),
      );
      return Object.fromEntries(counts);
    },

    async retention(since) {
      const runs = `WorkflowType = '${RETAIN_STORAGE}'`;
      const successes = listExecutions(client, `${runs} AND ExecutionStatus = 'Completed'`, 1);
      const { value: last } = await call(() => successes.next());
      const lastSuccess = last?.closeTime ? new Date(toMs(last.closeTime)) : undefined;
      const from = lastSuccess && lastSuccess > since ? lastSuccess : since;
      const failed = "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')";
      return {
        lastSuccess,
        failures: await count(`${runs} AND ${failed} AND CloseTime > '${from.toISOString()}'`),
      };
    },

    stuckWorkflows: () => listStuckWorkflows(client),

    async queue(name) {
      const { stats, pollers } = await call(() =>
        client.connection.workflowService.describeTaskQueue({
          namespace: client.options.namespace,
          taskQueue: { name },
          taskQueueType: name === QUEUES.pipeline ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
          reportStats: true,
        }),
      );
      return {
        waiting: Number(stats?.approximateBacklogCount ?? 0),
        oldestMs: toMs(stats?.approximateBacklogAge),
        pollers: pollers?.length ?? 0,
      };
    },
  };
}

function toEnd(execution: ListedExecution): JobEnd {
  switch (execution.status) {
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return 'completed';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED:
      return 'cancelled';
    default:
      return isRefusal(readAttributes(execution, SEARCH_ATTRIBUTES.error)[0]) ? 'refused' : 'failed';
  }
}

function isRefusal(code: string | undefined): boolean {
  const status = isErrorCode(code) ? ERROR_CODES[code].status : 500;
  return status < 500 && code !== 'PROVIDER_CREDITS_EXHAUSTED';
}
