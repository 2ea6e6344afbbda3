import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import { toRetryWindowId } from '../contracts/retry.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { PipelineError } from '../errors.ts';
import { toPipelineError } from './temporal-error.ts';

const LOOK_EVERY_MS = 200;
/** A job that does not end by itself in this time is terminated: its files are deleted after it all the same. */
const PATIENCE_MS = 60_000;

interface Execution {
  workflowId: string;
  runId: string;
}

/** What Temporal keeps of a task: the runs of its job, and the workflows that were started for it. */
export function createTaskExecutions({ client }: { client: Client }) {
  const { workflow, workflowService } = client;
  const { namespace } = client.options;

  const isRunning = async (workflowId: string): Promise<Execution | undefined> => {
    const found = await unlessMissing(() => workflow.getHandle(workflowId).describe());
    return found?.status.name === 'RUNNING' ? found : undefined;
  };

  const end = async (workflowId: string) => {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let asked = false; await isRunning(workflowId); await sleep(LOOK_EVERY_MS)) {
      const handle = workflow.getHandle(workflowId);
      if (Date.now() > giveUpAt) {
        await unlessMissing(() => handle.terminate('Its task is erased'));
      } else if (!asked) {
        asked = true;
        await unlessMissing(() => handle.cancel());
      }
    }
  };

  return {
    async end(taskId: string): Promise<void> {
      // In this order: a job that fails meanwhile opens a retry window.
      await end(toWorkflowId(taskId));
      await end(toRetryWindowId(taskId));
      await end(`tidy-up/${taskId}`);
    },

    async delete(taskId: string): Promise<string[]> {
      const ids = [toWorkflowId(taskId), toRetryWindowId(taskId), `tidy-up/${taskId}`];
      const named = ids.map((id) => `WorkflowId = '${id}'`).join(' OR ');
      const query = `(${named} OR ${SEARCH_ATTRIBUTES.taskId} = '${taskId}') AND ExecutionStatus != 'Running'`;
      const found = new Map<string, Execution>();
      for await (const execution of workflow.list({ query })) {
        found.set(execution.runId, execution);
      }
      // What ended a moment ago may not be in the list yet.
      for (const id of ids) {
        const latest = await unlessMissing(() => workflow.getHandle(id).describe());
        if (latest) found.set(latest.runId, latest);
      }
      for (const { workflowId, runId } of found.values()) {
        await unlessMissing(() =>
          workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } }),
        );
      }
      return [...found.values()].map(({ workflowId, runId }) => `${workflowId} (run ${runId})`);
    },
  };
}

async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const known = toPipelineError(error);
    if (known instanceof PipelineError && known.code === 'TASK_NOT_FOUND') {
      return undefined;
    }
    throw known;
  }
}
