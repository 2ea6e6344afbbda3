import type { Client } from '@temporalio/client';
import { RETAIN_STORAGE } from '../contracts/retention.ts';
import type { RetentionReport } from '../contracts/schemas/retention.ts';
import type { RetentionRuns } from '../ports/pipeline-statistics.ts';
import { listExecutions } from './list-executions.ts';
import { toPipelineError } from './temporal-error.ts';

const FINISHED = `WorkflowType = '${RETAIN_STORAGE}' AND ExecutionStatus = 'Completed'`;

/** The runs in Temporal: each report is the result of a workflow. */
export function createRetentionRuns({ client }: { client: Client }): RetentionRuns {
  return {
    async newest(count) {
      const reports: Promise<RetentionReport>[] = [];
      try {
        for await (const { execution } of listExecutions(client, FINISHED, count)) {
          const { workflowId, runId } = execution!;
          reports.push(client.workflow.getHandle(workflowId!, runId!).result());
        }
        return await Promise.all(reports);
      } catch (error) {
        throw toPipelineError(error);
      }
    },
  };
}
