import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import proto from '@temporalio/proto';
import { toWorkflowId } from '../contracts/messages.ts';
import { TIDY_UP_PREFIX } from '../contracts/provider-gate.ts';
import { toRetryWindowId } from '../contracts/retry.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { toDeliveryWorkflowId } from '../contracts/webhook.ts';
import type { RemoteLedger, TaskExecutions } from '../ports/job-client.ts';
import { fetchEvents } from './decode-payloads.ts';
import { listExecutions } from './list-executions.ts';
import { type TaskHistory, toRemoteLedger } from './remote-ledger.ts';
import { unlessMissing } from './temporal-error.ts';

const POLL_INTERVAL_MS = 200;
/** A workflow that does not end within this time after its cancellation is terminated; its files are deleted either way. */
const CANCEL_TIMEOUT_MS = 60_000;
/** Not aborted when a job is cancelled: without their answer, the ids to delete at the provider are unknown. */
const UNINTERRUPTED: ReadonlySet<string> = new Set(['uploadPortrait', 'uploadVoice', 'createTalk']);
const { PENDING_ACTIVITY_STATE_SCHEDULED } = proto.temporal.api.enums.v1.PendingActivityState;

interface Execution {
  workflowId: string;
  runId: string;
}

export interface TaskExecutionsOptions {
  client: Client;
  /** Default: a minute. */
  cancelTimeoutMs?: number;
}

/** The executions of a task in Temporal: the runs of its job, and the workflows started for it. */
export function createTaskExecutions({
  client,
  cancelTimeoutMs = CANCEL_TIMEOUT_MS,
}: TaskExecutionsOptions): TaskExecutions {
  const { workflow, workflowService } = client;
  const { namespace } = client.options;

  const describe = ({ workflowId, runId }: { workflowId: string; runId?: string }) =>
    unlessMissing(() => workflow.getHandle(workflowId, runId).describe());

  const eventsOf = async ({ workflowId, runId }: Execution) => {
    const handle = workflow.getHandle(workflowId, runId);
    return (await unlessMissing(() => fetchEvents(client, handle))) ?? [];
  };

  const isRunning = async (workflowId: string) => (await describe({ workflowId }))?.status.name === 'RUNNING';

  /** Returns whether the workflow was running. */
  const cancel = async (workflowId: string, signal: AbortSignal): Promise<boolean> => {
    const giveUpAt = Date.now() + cancelTimeoutMs;
    const handle = workflow.getHandle(workflowId);
    for (let isFirst = true; ; isFirst = false) {
      const description = await describe({ workflowId });
      if (description?.status.name !== 'RUNNING') {
        return !isFirst;
      }
      if (isFirst) {
        await unlessMissing(() => handle.cancel());
      } else if (Date.now() > giveUpAt && !isCallingProvider(description)) {
        await unlessMissing(() => handle.terminate('Its task is erased'));
      }
      await sleep(POLL_INTERVAL_MS, undefined, { signal });
    }
  };

  /** Webhook deliveries and tidy-ups at the provider, from the history of the workflow that started them. */
  async function childrenOf(execution: Execution): Promise<string[]> {
    return (await eventsOf(execution))
      .map((event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId)
      .filter((id) => id !== undefined && id !== null)
      .filter((id) => id.startsWith(toDeliveryWorkflowId('')) || id.startsWith(TIDY_UP_PREFIX));
  }

  /** Temporal's list lags a moment behind, and does not link every child to its task. */
  async function find(taskId: string, also: readonly string[] = []): Promise<Execution[]> {
    const main = [toWorkflowId(taskId), toRetryWindowId(taskId)];
    const named = main.map((id) => `WorkflowId = '${id}'`).join(' OR ');
    const found = new Map<string, Execution>();
    const addLatest = async (workflowId: string) => {
      const latest = await describe({ workflowId });
      if (latest) found.set(latest.runId, { workflowId, runId: latest.runId });
    };
    const query = `${named} OR ${SEARCH_ATTRIBUTES.taskId} = '${taskId}'`;
    for await (const { execution } of listExecutions(client, query)) {
      const { workflowId, runId } = execution!;
      found.set(runId!, { workflowId: workflowId!, runId: runId! });
    }
    for (const id of [...main, ...also]) await addLatest(id);
    const parents = [...found.values()].filter(({ workflowId }) => main.includes(workflowId));
    const children = (await Promise.all(parents.map(childrenOf))).flat();
    for (const id of new Set(children)) await addLatest(id);
    return [...found.values()];
  }

  return {
    async end(taskId: string, signal: AbortSignal): Promise<void> {
      // A job that fails meanwhile opens a retry window, and a window may just have started the job again.
      while ((await cancel(toWorkflowId(taskId), signal)) || (await cancel(toRetryWindowId(taskId), signal)));
      for (const { workflowId } of await find(taskId)) {
        if (workflowId.startsWith(toDeliveryWorkflowId('')) && (await isRunning(workflowId))) {
          await unlessMissing(() => workflow.getHandle(workflowId).terminate('Its task is erased'));
        }
      }
    },

    async untilEnded(workflowIds: readonly string[], signal: AbortSignal): Promise<void> {
      for (const workflowId of workflowIds) {
        while (await isRunning(workflowId)) await sleep(POLL_INTERVAL_MS, undefined, { signal });
      }
    },

    async ledger(taskId: string): Promise<RemoteLedger> {
      const histories = (await find(taskId)).map(async (execution): Promise<TaskHistory> => {
        const status = (await describe(execution))?.status.name;
        return {
          events: await eventsOf(execution),
          isCutShort: status === 'TERMINATED' || status === 'TIMED_OUT',
        };
      });
      return toRemoteLedger(await Promise.all(histories));
    },

    async delete(taskId: string, also: readonly string[] = []) {
      const names: string[] = [];
      const tidyUps: string[] = [];
      for (const { workflowId, runId } of await find(taskId, also)) {
        const known = await describe({ workflowId, runId });
        if (known?.status.name === 'RUNNING' && workflowId.startsWith(TIDY_UP_PREFIX)) {
          tidyUps.push(workflowId);
        }
        if (!known || known.status.name === 'RUNNING') continue;
        await unlessMissing(() =>
          workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } }),
        );
        const how = known.status.name === 'TERMINATED' ? ', terminated' : '';
        names.push(`${workflowId} (run ${runId}${how})`);
      }
      return { names, tidyUps };
    },
  };
}

/** Whether a call to the provider is in flight whose answer must not be lost. It ends within two minutes. */
function isCallingProvider({ raw }: WorkflowExecutionDescription): boolean {
  return (raw.pendingActivities ?? []).some(
    ({ activityType, state }) =>
      UNINTERRUPTED.has(activityType?.name ?? '') && state !== PENDING_ACTIVITY_STATE_SCHEDULED,
  );
}
