import { type SearchAttributePair, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { ERROR_CODES, type ErrorCode } from '../../contracts/error-codes.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { RETRY_WINDOW, toRetryWindowId } from '../../contracts/retry.ts';
import type { JobInput, Resume } from '../../contracts/schemas/job.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Leftovers } from '../remote-talk/leftovers.ts';

/** What the workflow `retryWindow` keeps. */
export interface KeptJob {
  input: JobInput;
  /** As the failed job wrote it. */
  record: TaskMetadata;
  failure: JobFailure;
  resume: Omit<Resume, 'from' | 'at' | 'events'>;
  leftovers?: Leftovers | undefined;
  /** Of the failed execution, for the one that goes on. */
  memo: Record<string, unknown>;
  searchAttributes: SearchAttributePair[];
}

/** The photo's or the provider's word on it does not change by itself; a disk that is full wants to be emptied. */
const IN_VAIN: ReadonlySet<ErrorCode> = new Set([
  'PROVIDER_TALK_FAILED',
  'PROVIDER_TALK_MISSING',
  'STORAGE_FULL',
]);

/** Whether the same job may succeed later: what failed is the machine, the provider or the time, not what was sent. */
export function mayPassLater(code: ErrorCode): boolean {
  const { status } = ERROR_CODES[code];
  return (status >= 500 || code === 'PROVIDER_CREDITS_EXHAUSTED') && !IN_VAIN.has(code);
}

/** `false` where nobody keeps it, so that it is to be undone now. */
export async function leaveToRetryWindow(kept: Omit<KeptJob, 'memo' | 'searchAttributes'>): Promise<boolean> {
  const { memo = {}, typedSearchAttributes } = workflowInfo();
  try {
    await startChild(RETRY_WINDOW, {
      workflowId: toRetryWindowId(kept.input.taskId),
      taskQueue: QUEUES.pipeline,
      args: [{ ...kept, memo, searchAttributes: typedSearchAttributes.getAll() } satisfies KeptJob],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `What a failed job needs to go on, until ${kept.failure.error.retry?.until}`,
    });
    return true;
  } catch (error) {
    // The one of the attempt before is still about to end.
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return false;
    }
    throw error;
  }
}
