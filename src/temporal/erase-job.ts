import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ERASE_TASK, RECEIPT_QUERY, toEraseId } from '../contracts/erase.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import { EraseMemo } from '../contracts/schemas/messages.ts';
import { ignoreFailure, isFailure, PipelineError } from '../errors.ts';
import type { Erasure } from '../ports/job-client.ts';
import { readMemo } from './read-memo.ts';
import { callTemporal } from './temporal-error.ts';

/** How long a request waits for everything to be erased, and how much longer while our own files are not. */
const RECEIPT_TIMEOUTS_MS = [5_000, 40_000];

/** Starts erasing a known task, or finds the earlier erasure, and returns the receipt. */
export async function eraseJob(
  client: Client,
  taskId: string,
  { isKnown, owner }: { isKnown: boolean; owner?: string | undefined },
): Promise<EraseReceipt> {
  const workflowId = toEraseId(taskId);
  if (isKnown) {
    const start = () =>
      client.workflow.start(ERASE_TASK, {
        workflowId,
        taskQueue: QUEUES.pipeline,
        args: [{ taskId }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        memo: { ...(owner !== undefined && { owner }) } satisfies EraseMemo,
        staticSummary: 'Erase a task',
      });
    await callTemporal(client, start, { taskId }).catch((error) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    });
  }
  const handle = client.workflow.getHandle(workflowId);
  for (const timeoutMs of RECEIPT_TIMEOUTS_MS) {
    try {
      return await callTemporal(client, () => handle.result() as Promise<EraseReceipt>, {
        taskId,
        timeoutMs,
      });
    } catch (error) {
      if (!isFailure(error, 'TEMPORAL_UNAVAILABLE')) throw error;
    }
    const query = callTemporal(client, () => handle.query<EraseReceipt | null>(RECEIPT_QUERY), { taskId });
    const receipt = await ignoreFailure(query, 'the task is still being erased');
    if (receipt) {
      return receipt;
    }
  }
  throw new PipelineError(
    'ERASE_UNDER_WAY',
    'The task is being erased. Send the same request again for the receipt.',
    { retryAfterMs: 5_000 },
  );
}

/** Rejects with TASK_NOT_FOUND if there is no erasure under this id, or no longer. */
export async function describeErasure(client: Client, taskId: string): Promise<Erasure> {
  const handle = client.workflow.getHandle(toEraseId(taskId));
  const { memo, status } = await callTemporal(client, () => handle.describe(), { taskId });
  return { ...readMemo(EraseMemo, memo), isRunning: status.name === 'RUNNING' };
}
