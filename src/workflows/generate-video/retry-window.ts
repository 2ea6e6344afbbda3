import type { SearchAttributePair } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineUpdate,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { GENERATE_VIDEO, PROBE_SIGNAL, toRunTimeoutMs, toWorkflowId } from '../../contracts/messages.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { RETRY_UPDATE, type RetryPoint } from '../../contracts/retry.ts';
import type { JobInput, Resume } from '../../contracts/schemas/job.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import { taskPrefix } from '../../contracts/task-keys.ts';
import { records, undo } from '../activities.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { refusal } from '../job-error.ts';
import { toUndoName } from '../remote-talk/leftovers.ts';
import { releasePlaceAfterTalk, startTidyUp } from '../remote-talk/tidy-up.ts';
import { ERROR, OUTCOME, STAGE, SUBMITTED_AT } from '../search-attributes.ts';
import { PATIENCE_MS, waitForStorage } from '../storage-wait.ts';
import type { KeptJob } from './retry-offer.ts';
import { untilWritten } from './write-end.ts';

const retryUpdate = defineUpdate<void, [from: RetryPoint | null]>(RETRY_UPDATE);

/**
 * Keeps what a failed job needs for a retry. If a retry is asked for, starts the job again under its id. When the window
 * closes, undoes the rest of the job. A cancellation closes the window at once.
 *
 * The window is open, restarting (`chosen` is set) or closing. Once it is restarting or closing it stays so, and nothing is
 * undone that a job uses.
 */
export async function retryWindow(kept: KeptJob): Promise<void> {
  const { from: points, until } = kept.failure.error.retry!;
  let chosen: RetryPoint | undefined;
  let isClosing = false;
  let isRestarted = false;
  const { leftovers } = kept;
  if (leftovers) {
    // Runs at most until the window closes. Then the retry or the tidy-up has the place.
    const released = CancellationScope.nonCancellable(() => releasePlaceAfterTalk(leftovers));
    void ignoreFailure(released, 'the lease expires');
  }
  setHandler(
    retryUpdate,
    async (from) => {
      chosen ??= from ?? points.at(-1)!;
      // The caller then finds the job running.
      await CancellationScope.nonCancellable(() => condition(() => isRestarted));
    },
    {
      validator(from) {
        if (isClosing) {
          throw refusal(
            'RETRY_IMPOSSIBLE',
            `The task could be retried until ${until}. Its files are being deleted: submit it again.`,
          );
        }
        if (from && !points.includes(from)) {
          throw refusal('RETRY_IMPOSSIBLE', toReason(kept, from));
        }
        if (chosen && from && from !== chosen) {
          throw refusal('TASK_RUNNING', `The task already continues from ${chosen}.`);
        }
      },
    },
  );
  try {
    await condition(() => chosen !== undefined, Date.parse(until) - Date.now(), {
      summary: 'Until the retry window closes',
    });
  } catch (error) {
    if (!isCancellation(error)) {
      throw error;
    }
  }
  isClosing = chosen === undefined;
  await CancellationScope.nonCancellable(async () => {
    await untilClosed(kept.input.taskId);
    if (chosen) {
      await restart(kept, chosen);
      isRestarted = true;
    } else {
      await undoRest(kept);
    }
  });
}

const POLL_INTERVAL_MS = 500;
const MAX_POLL_INTERVAL_MS = 60_000;

/** Repeats a step, with growing delays, until it returns `true`. */
async function repeatUntil(step: () => Promise<boolean>, summary: string): Promise<void> {
  for (
    let delayMs = POLL_INTERVAL_MS;
    !(await step());
    delayMs = Math.min(delayMs * 2, MAX_POLL_INTERVAL_MS)
  ) {
    await sleep(delayMs, { summary });
  }
}

/** Until the failed job has closed it may still write its record, and its id cannot be used again. */
async function untilClosed(taskId: string): Promise<void> {
  const job = getExternalWorkflowHandle(toWorkflowId(taskId));
  await repeatUntil(async () => {
    try {
      await job.signal(PROBE_SIGNAL);
      return false;
    } catch {
      return true;
    }
  }, 'Until the failed job has closed');
}

function toReason({ failure, leftovers }: KeptJob, from: RetryPoint): string {
  const { stage, retry } = failure.error;
  return leftovers
    ? `${leftovers.provider.label} may have a paid talk of the task: it can only continue from provider, not from ${from}.`
    : `The task failed at ${stage} and can continue from ${retry!.from.join(', ')}, not from ${from}.`;
}

async function restart(
  { input, record, failure, resume, leftovers, memo, searchAttributes }: KeptJob,
  from: RetryPoint,
) {
  const events = [...record.events.slice(0, -1), toPastFailure(record.events.at(-1)!, failure, from)];
  const { outcome: _, ...running } = record;
  // First, because the job writes the record once it runs. One attempt is enough, because that record replaces this one.
  await ignoreFailure(
    records.amendTask({ ...running, events, updated_at: new Date().toISOString() }),
    'the job writes its record at its next stage',
  );
  const start = () =>
    startChild(GENERATE_VIDEO, {
      workflowId: toWorkflowId(input.taskId),
      taskQueue: QUEUES.pipeline,
      args: [
        {
          ...input,
          resume: {
            ...resume,
            from,
            at: new Date().toISOString(),
            events,
            ...(leftovers && { leftovers }),
          } satisfies Resume,
        },
      ],
      // Only a failed job leaves a retry window.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      memo,
      workflowRunTimeout: toRunTimeoutMs(input.options),
      typedSearchAttributes: asRunning(searchAttributes, input),
      priority: { priorityKey: input.options.priority },
      staticSummary: `Attempt ${resume.attempt} of a talking video, from ${from}`,
    });
  await repeatUntil(async () => {
    try {
      await start();
      return true;
    } catch (error) {
      // A retry that was accepted must not be lost.
      log.warn('A retry could not be started', { error });
      return false;
    }
  }, 'Until the next attempt to start the job');
}

/** A retry continues the events after the failure, so readers must not take the failure for the end. */
function toPastFailure(event: StageEvent, { error }: JobFailure, from: RetryPoint): StageEvent {
  const { stage, code, message } = error;
  return {
    ...event,
    data: {
      ...event.data,
      stage,
      message: `Failed: ${message}`,
      details: { failure: { code, message }, retried_from: from },
    },
  };
}

function asRunning(attributes: SearchAttributePair[], { submittedAt }: JobInput): SearchAttributePair[] {
  const replaced: string[] = [STAGE.name, OUTCOME.name, ERROR.name, SUBMITTED_AT.name];
  return [
    ...attributes.filter(({ key }) => !replaced.includes(key.name)),
    { key: STAGE, value: 'INITIALIZED' },
    { key: OUTCOME, value: 'running' },
    // Dates become strings in a payload.
    { key: SUBMITTED_AT, value: new Date(submittedAt) },
  ];
}

async function undoRest({ input, record, failure, leftovers }: KeptJob): Promise<void> {
  const { taskId } = input;
  if (leftovers) {
    await startTidyUp(leftovers);
  }
  await undo.discard({ prefixes: [taskPrefix('uploads', taskId), taskPrefix('processed', taskId)] });
  const { retry: _, ...error } = failure.error;
  const compensated = [
    ...error.compensated,
    ...(leftovers ? [toUndoName(leftovers.provider)] : []),
    'processed files',
    'uploads',
  ];
  const outcome = { ...failure, error: { ...error, compensated } };
  // The job wrote its record after it had opened this window, and of two records the later one counts.
  const amended = { ...record, objects: [], outcome, updated_at: new Date().toISOString() };
  const amend = () => records.amendTask(amended);
  await untilWritten(waitForStorage(amend, { patienceMs: PATIENCE_MS, isOnlyStorage: true }));
}
