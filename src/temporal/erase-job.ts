import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ERASE_TASK, toEraseId } from '../contracts/erase.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import { isFailure, PipelineError } from '../errors.ts';
import { toPipelineError } from './temporal-error.ts';

const START_TIMEOUT_MS = 5_000;
/** How long a request waits for the receipt. The workflow continues after that. */
const RECEIPT_TIMEOUT_MS = 45_000;

/** Starts erasing a known task, or finds the earlier erasure, and returns the receipt. */
export async function eraseJob(
  client: Client,
  taskId: string,
  { isKnown }: { isKnown: boolean },
): Promise<EraseReceipt> {
  const workflowId = toEraseId(taskId);
  if (isKnown) {
    const start = () =>
      client.workflow.start(ERASE_TASK, {
        workflowId,
        taskQueue: QUEUES.pipeline,
        args: [{ taskId }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: 'Erase a task',
      });
    await client.withDeadline(Date.now() + START_TIMEOUT_MS, start).catch((error) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toPipelineError(error, taskId);
    });
  }
  try {
    const result = () => client.workflow.getHandle(workflowId).result() as Promise<EraseReceipt>;
    return await client.withDeadline(Date.now() + RECEIPT_TIMEOUT_MS, result);
  } catch (error) {
    const known = toPipelineError(error, taskId);
    if (isFailure(known, 'TEMPORAL_UNAVAILABLE')) {
      throw new PipelineError(
        'ERASE_UNDER_WAY',
        'The task is being erased. Send the same request again for the receipt.',
        { cause: error, retryAfterMs: 5_000 },
      );
    }
    throw known;
  }
}
