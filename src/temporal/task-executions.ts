import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import { TIDY_UP_PREFIX } from '../contracts/provider-gate.ts';
import { toRetryWindowId } from '../contracts/retry.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { toDeliveryWorkflowId } from '../contracts/webhook.ts';
import { isFailure } from '../errors.ts';
import type { TaskExecutions } from '../ports/job-client.ts';
import { toPipelineError } from './temporal-error.ts';

const POLL_INTERVAL_MS = 200;
/** A job that does not end within this time after its cancellation is terminated; its files are deleted either way. */
const CANCEL_TIMEOUT_MS = 60_000;

interface Execution {
  workflowId: string;
  runId: string;
}

/** The executions of a task in Temporal: the runs of its job, and the workflows started for it. */
export function createTaskExecutions({ client }: { client: Client }): TaskExecutions {
  const { workflow, workflowService } = client;
  const { namespace } = client.options;

  const describe = ({ workflowId, runId }: { workflowId: string; runId?: string }) =>
    unlessMissing(() => workflow.getHandle(workflowId, runId).describe());

  const isRunning = async (workflowId: string) => (await describe({ workflowId }))?.status.name === 'RUNNING';

  const cancel = async (workflowId: string, signal: AbortSignal) => {
    const giveUpAt = Date.now() + CANCEL_TIMEOUT_MS;
    for (
      let asked = false;
      await isRunning(workflowId);
      await sleep(POLL_INTERVAL_MS, undefined, { signal })
    ) {
      const handle = workflow.getHandle(workflowId);
      if (Date.now() > giveUpAt) {
        await unlessMissing(() => handle.terminate('Its task is erased'));
      } else if (!asked) {
        asked = true;
        await unlessMissing(() => handle.cancel());
      }
    }
  };

  /** Webhook deliveries and tidy-ups at the provider, from the history of the workflow that started them. */
  async function childrenOf({ workflowId, runId }: Execution): Promise<string[]> {
    const history = await unlessMissing(() => workflow.getHandle(workflowId, runId).fetchHistory());
    return (history?.events ?? [])
      .map((event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId)
      .filter((id) => id !== undefined && id !== null)
      .filter((id) => id.startsWith(toDeliveryWorkflowId('')) || id.startsWith(TIDY_UP_PREFIX));
  }

  /** Temporal's list lags a moment behind, and does not link every child to its task. */
  async function find(taskId: string): Promise<Execution[]> {
    const main = [toWorkflowId(taskId), toRetryWindowId(taskId)];
    const named = main.map((id) => `WorkflowId = '${id}'`).join(' OR ');
    const found = new Map<string, Execution>();
    const addLatest = async (workflowId: string) => {
      const latest = await describe({ workflowId });
      if (latest) found.set(latest.runId, { workflowId, runId: latest.runId });
    };
    const query = `${named} OR ${SEARCH_ATTRIBUTES.taskId} = '${taskId}'`;
    for await (const { workflowId, runId } of workflow.list({ query })) {
      found.set(runId, { workflowId, runId });
    }
    for (const id of main) await addLatest(id);
    const parents = [...found.values()].filter(({ workflowId }) => main.includes(workflowId));
    const children = (await Promise.all(parents.map(childrenOf))).flat();
    for (const id of new Set(children)) await addLatest(id);
    return [...found.values()];
  }

  return {
    async end(taskId: string, signal: AbortSignal): Promise<void> {
      // In this order: a job that fails meanwhile opens a retry window.
      await cancel(toWorkflowId(taskId), signal);
      await cancel(toRetryWindowId(taskId), signal);
      for (const { workflowId } of await find(taskId)) {
        if (workflowId.startsWith(toDeliveryWorkflowId('')) && (await isRunning(workflowId))) {
          await unlessMissing(() => workflow.getHandle(workflowId).terminate('Its task is erased'));
        }
        // A tidy-up at the provider is not cut short: only it knows what to delete there.
        while (await isRunning(workflowId)) await sleep(POLL_INTERVAL_MS, undefined, { signal });
      }
    },

    async delete(taskId: string): Promise<string[]> {
      const names: string[] = [];
      for (const { workflowId, runId } of await find(taskId)) {
        const known = await describe({ workflowId, runId });
        if (!known || known.status.name === 'RUNNING') continue;
        await unlessMissing(() =>
          workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } }),
        );
        const how = known.status.name === 'TERMINATED' ? ', terminated' : '';
        names.push(`${workflowId} (run ${runId}${how})`);
      }
      return names;
    },
  };
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
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
