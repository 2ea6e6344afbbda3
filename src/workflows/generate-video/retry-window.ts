import type { SearchAttributePair } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineUpdate,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { GENERATE_VIDEO, toWorkflowId } from '../../contracts/messages.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { RETRY_UPDATE, type RetryPoint } from '../../contracts/retry.ts';
import type { JobInput, Resume } from '../../contracts/schemas/job.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import { taskPrefix } from '../../contracts/task-keys.ts';
import { records, undo } from '../activities.ts';
import { waitForDiskSpace } from '../disk-space-wait.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { refusal } from '../job-error.ts';
import { toUndoName } from '../remote-talk/leftovers.ts';
import { releasePlaceAfterTalk, startTidyUp } from '../remote-talk/tidy-up.ts';
import { ERROR, OUTCOME, STAGE, SUBMITTED_AT } from '../search-attributes.ts';
import type { KeptJob } from './retry-offer.ts';

const retryUpdate = defineUpdate<void, [from: RetryPoint | null]>(RETRY_UPDATE);

/**
 * Keeps what a failed job needs for a retry. If a retry is asked for, starts the job again under its id. When the window
 * closes, undoes the rest of the job. A cancellation closes the window at once.
 */
export async function retryWindow(kept: KeptJob): Promise<void> {
  const { from: points, until } = kept.failure.error.retry!;
  let chosen: RetryPoint | undefined;
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
      await condition(() => isRestarted);
    },
    {
      validator(from) {
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
  await CancellationScope.nonCancellable(async () => {
    if (chosen) {
      await restart(kept, chosen);
      isRestarted = true;
    } else {
      await undoRest(kept);
    }
  });
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
  // First, because the job itself writes the record once it runs.
  await waitForDiskSpace(() => records.amendTask({ ...running, events }));
  await startChild(GENERATE_VIDEO, {
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
    typedSearchAttributes: asRunning(searchAttributes, input),
    priority: { priorityKey: input.options.priority },
    staticSummary: `Attempt ${resume.attempt} of a talking video, from ${from}`,
  });
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
    // A payload turns dates into texts.
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
  await waitForDiskSpace(() => records.amendTask({ ...record, objects: [], outcome }));
}
