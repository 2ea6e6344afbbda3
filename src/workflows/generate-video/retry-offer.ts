import { type SearchAttributePair, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { ERROR_CODES, type ErrorCode } from '../../contracts/error-codes.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { RETRY_WINDOW, toRetryWindowId } from '../../contracts/retry.ts';
import type { JobInput, Resume } from '../../contracts/schemas/job.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import type { Leftovers } from '../remote-talk/leftovers.ts';
import type { JobScope } from './job-scope.ts';

/** What a failed job leaves to the workflow `retryWindow`. */
export interface KeptJob {
  input: JobInput;
  /** As the failed job writes it. */
  record: TaskMetadata;
  failure: JobFailure;
  resume: Omit<Resume, 'from' | 'at' | 'events'>;
  leftovers?: Leftovers | undefined;
  /** Of the failed execution. The retry starts with the same. */
  memo: Record<string, unknown>;
  searchAttributes: SearchAttributePair[];
}

/** The provider would reject the photo again, its video is gone for good, and a full disk needs an operator. */
const NOT_WORTH_RETRYING: ReadonlySet<ErrorCode> = new Set([
  'PROVIDER_TALK_FAILED',
  'PROVIDER_TALK_MISSING',
  'PROVIDER_RESULT_EXPIRED',
  'STORAGE_FULL',
]);

/** Whether the same job may succeed later, because the cause is a machine, the provider or the deadline, and not the input. */
export function isWorthRetrying(code: ErrorCode): boolean {
  const { status } = ERROR_CODES[code];
  return (status >= 500 || code === 'PROVIDER_CREDITS_EXHAUSTED') && !NOT_WORTH_RETRYING.has(code);
}

/** The window that has started this attempt ends at its next workflow task. */
const EARLIER_WINDOW_TIMEOUT_MS = 60_000;
const EARLIER_WINDOW_POLL_MS = 200;

/** The retry window that a failed job opens, and closes again if it is cancelled after that: the last request counts. */
export class RetryOffer {
  readonly #taskId: string;
  readonly #scope: JobScope;
  #isMade = false;

  constructor(taskId: string, scope: JobScope) {
    this.#taskId = taskId;
    this.#scope = scope;
  }

  /** Starts `retryWindow`. Returns `false` if that is not possible, so the job must be undone now. */
  async make(kept: Omit<KeptJob, 'memo' | 'searchAttributes'>): Promise<boolean> {
    this.#isMade = await openRetryWindow(kept);
    // At once, as the failed job may wait for the storage for a day.
    void condition(() => this.#scope.isCancelled).then(() => this.withdrawIfCancelled());
    return this.#isMade;
  }

  /** The last thing a job does: once it has closed, a cancellation does not reach it any more. */
  async withdrawIfCancelled(): Promise<void> {
    if (this.#isMade && this.#scope.isCancelled) {
      const window = getExternalWorkflowHandle(toRetryWindowId(this.#taskId));
      await CancellationScope.nonCancellable(() => ignoreFailure(window.cancel(), 'the window has ended'));
    }
  }
}

async function openRetryWindow(kept: Omit<KeptJob, 'memo' | 'searchAttributes'>): Promise<boolean> {
  const { memo = {}, typedSearchAttributes } = workflowInfo();
  const giveUpAtMs = Date.now() + EARLIER_WINDOW_TIMEOUT_MS;
  for (;;) {
    try {
      await startChild(RETRY_WINDOW, {
        workflowId: toRetryWindowId(kept.input.taskId),
        taskQueue: QUEUES.pipeline,
        args: [{ ...kept, memo, searchAttributes: typedSearchAttributes.getAll() } satisfies KeptJob],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Keeps what a failed job needs for a retry, until ${kept.failure.error.retry?.until}`,
      });
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError) || Date.now() >= giveUpAtMs) {
        log.error('A retry window could not be opened', { error });
        return false;
      }
      await sleep(EARLIER_WINDOW_POLL_MS, { summary: 'Until the window of the earlier attempt has ended' });
    }
  }
}
