import type { SearchAttributePair } from '@temporalio/common';
import {
  allHandlersFinished,
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
  upsertMemo,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { toLane } from '../../contracts/lane.ts';
import { GENERATE_VIDEO, PROBE_SIGNAL, toRunTimeoutMs, toWorkflowId } from '../../contracts/messages.ts';
import { QUEUES } from '../../contracts/queues.ts';
import {
  type PastRetry,
  RETRIED_FROM_MEMO,
  RETRY_UPDATE,
  type RetryPoint,
  type RetryState,
  retriesOf,
  toRetryDetails,
} from '../../contracts/retry.ts';
import type { JobInput, Resume } from '../../contracts/schemas/job.ts';
import type { JobFailure } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { taskKeys, taskPrefix } from '../../contracts/task-keys.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { records, undo } from '../activities.ts';
import { GrowingDelay } from '../growing-delay.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { refusal } from '../job-error.ts';
import { KeptTalk } from '../remote-talk/kept-talk.ts';
import { type Leftovers, toUndoName, toUsage } from '../remote-talk/leftovers.ts';
import { startTidyUp } from '../remote-talk/tidy-up.ts';
import { ERROR, OUTCOME, STAGE, SUBMITTED_AT } from '../search-attributes.ts';
import { PATIENCE_MS, waitForStorage } from '../storage-wait.ts';
import type { KeptJob } from './retry-offer.ts';
import { untilWritten } from './write-end.ts';

const retryUpdate = defineUpdate<RetryState, [from: RetryPoint | null, key: string | null]>(RETRY_UPDATE);

/** After this time the caller learns that the retry is accepted, but waits until the failed job has closed. */
const CLOSED_TIMEOUT_MS = 2_000;
/** Starting the job takes milliseconds, or longer on a busy machine. The caller waits a little longer. */
const START_TIMEOUT_MS = 10_000;

type State =
  | { name: 'open' }
  /** A retry was accepted. The job starts again once its failed attempt has closed. */
  | ({ name: 'accepted' | 'starting' | 'restarted' } & PastRetry)
  /** What was kept is being undone. */
  | { name: 'closing' };

/**
 * Keeps what a failed job needs for a retry, and is the only one that decides what becomes of it.
 *
 *     open ── retry ──> accepted ── the failed job has closed ──> starting ──> restarted
 *       │                   │
 *       │ its time is over  │ cancelled
 *       │ or cancelled      │
 *       └────> closing <────┘
 *
 * There is no way back from `starting` or `closing`, so a job starts again at most once, and nothing that a job uses is
 * undone. The window never fails: it repeats each step until it succeeds. `fail-job.ts` opens it while the failed job still
 * runs, and cancels it if that job is then cancelled.
 */
export async function retryWindow(kept: KeptJob): Promise<void> {
  const { input, failure } = kept;
  const { from: points, until } = failure.error.retry!;
  let state = { name: 'open' } as State;
  const talk = kept.leftovers && new KeptTalk(kept.leftovers, keysOf(kept).video);
  const handOver = async (): Promise<KeptJob> => ({ ...kept, leftovers: await talk?.handOver() });
  const earlierKeys = new Set(retriesOf(kept.record.events).map(({ key }) => key));
  /** A request that is sent again because its answer was lost. Its attempt has failed meanwhile, and this window is about that. */
  const isRepeated = (key: string | null) => Boolean(key) && earlierKeys.has(key!);
  setHandler(
    retryUpdate,
    async (from, key) => {
      if (isRepeated(key)) {
        return 'running';
      }
      if (state.name === 'open') {
        state = { name: 'accepted', from: from ?? points.at(-1)!, ...(key && { key }) };
        upsertMemo({ [RETRIED_FROM_MEMO]: state.from });
      }
      await CancellationScope.nonCancellable(async () => {
        if (await condition(() => state.name !== 'accepted', CLOSED_TIMEOUT_MS)) {
          await condition(() => state.name !== 'starting', START_TIMEOUT_MS);
        }
      });
      if (state.name === 'closing') {
        throw isClosing();
      }
      return state.name === 'restarted' ? 'running' : 'waiting';
    },
    {
      validator(from, key) {
        if (isRepeated(key)) {
          return;
        }
        if (state.name === 'closing') {
          throw isClosing();
        }
        if (from && !points.includes(from)) {
          throw refusal('RETRY_IMPOSSIBLE', whyNotFrom(kept, from));
        }
        if ('from' in state && from && from !== state.from) {
          throw refusal('TASK_RUNNING', `The task already continues from ${state.from}.`);
        }
      },
    },
  );
  try {
    await condition(() => state.name === 'accepted', Math.max(Date.parse(until) - Date.now(), 1), {
      summary: 'Until the retry window closes',
    });
    if (state.name === 'accepted') {
      await untilClosed(input.taskId);
      const accepted = state;
      state = { ...accepted, name: 'starting' };
      await CancellationScope.nonCancellable(async () => restart(await handOver(), accepted));
      state = { ...accepted, name: 'restarted' };
      if (CancellationScope.current().consideredCancelled) {
        await CancellationScope.nonCancellable(() => cancelJob(input.taskId));
      }
    }
  } catch (error) {
    if (!isCancellation(error)) {
      throw error;
    }
  }
  if (state.name === 'open' || state.name === 'accepted') {
    state = { name: 'closing' };
    upsertMemo({ [RETRIED_FROM_MEMO]: null });
    await CancellationScope.nonCancellable(async () => undoRest(await handOver()));
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
}

function keysOf({ input: { taskId, options } }: KeptJob) {
  return taskKeys(taskId, videoFormatOf(options));
}

function isClosing() {
  return refusal(
    'RETRY_IMPOSSIBLE',
    'The task can no longer be retried: its files are being deleted. Submit it again.',
  );
}

function whyNotFrom({ failure, leftovers }: KeptJob, from: RetryPoint): string {
  const { stage, retry } = failure.error;
  return leftovers
    ? `${leftovers.provider.label} may have a paid talk of the task: it can only continue from provider, not from ${from}.`
    : `The task failed at ${stage} and can continue from ${retry!.from.join(', ')}, not from ${from}.`;
}

/** So a condition is noticed at most a tenth later than it took to become true. */
const DELAYS = { firstMs: 500, growth: 1.1, maxMs: 60_000 };

/** Repeats a step, with growing delays, until it returns `true`. */
async function repeatUntil(step: () => Promise<boolean>, summary: string): Promise<void> {
  const delay = new GrowingDelay(DELAYS);
  while (!(await step())) {
    await sleep(delay.nextMs(), { summary });
  }
}

/** Repeats a step until it succeeds: an accepted retry must not be lost, and the files of a job must not stay. */
async function untilDone(step: () => Promise<unknown>, name: string): Promise<void> {
  await repeatUntil(async () => {
    try {
      await step();
      return true;
    } catch (error) {
      log.warn('A step of a retry window failed and is repeated', { name, error });
      return false;
    }
  }, `Until the next attempt: ${name}`);
}

/** Until the failed job has closed, it may still write its record, and its id cannot be used again. */
async function untilClosed(taskId: string): Promise<void> {
  const job = getExternalWorkflowHandle(toWorkflowId(taskId));
  await repeatUntil(async () => {
    try {
      await job.signal(PROBE_SIGNAL);
      return false;
    } catch (error) {
      if (isCancellation(error)) {
        throw error;
      }
      return true;
    }
  }, 'Until the failed job has closed');
}

/** A cancellation that came while the job was being started again. */
async function cancelJob(taskId: string): Promise<void> {
  const job = getExternalWorkflowHandle(toWorkflowId(taskId));
  await ignoreFailure(job.cancel(), 'the job has ended');
}

async function restart(
  { input, record, failure, resume, leftovers, memo, searchAttributes }: KeptJob,
  retry: PastRetry,
): Promise<void> {
  const { from } = retry;
  const events = [...record.events.slice(0, -1), toPastFailure(record.events.at(-1)!, failure, retry)];
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
      priority: toLane(input.options.priority, input),
      staticSummary: `Attempt ${resume.attempt} of a talking video, from ${from}`,
    });
  await untilDone(start, 'start the job again');
}

/** A retry continues the events after the failure, so readers must not take the failure for the end. */
function toPastFailure(event: StageEvent, { error }: JobFailure, retry: PastRetry): StageEvent {
  const { stage, code, message } = error;
  return {
    ...event,
    data: {
      ...event.data,
      stage,
      message: `Failed: ${message}`,
      details: { failure: { code, message }, ...toRetryDetails(retry) },
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

/** The talk may have been found since the job failed. */
function withCost(
  { usage = [] }: TaskMetadata,
  leftovers: Leftovers | undefined,
): Pick<TaskMetadata, 'usage'> {
  const talkId = leftovers?.talkId;
  return leftovers && talkId && !usage.some(({ talk_id }) => talk_id === talkId)
    ? { usage: [...usage, toUsage(leftovers, talkId)] }
    : {};
}

/** The job itself has undone everything else. */
async function undoRest(kept: KeptJob): Promise<void> {
  const { input, record, failure, leftovers } = kept;
  const { taskId } = input;
  if (leftovers) {
    await untilDone(() => startTidyUp(leftovers), toUndoName(leftovers.provider));
  }
  const prefixes = [taskPrefix('uploads', taskId), taskPrefix('processed', taskId)];
  const { video, thumbnail } = keysOf(kept);
  // The video of a paid talk was fetched before the job failed, or since.
  const files = { ...(leftovers && { keys: [video, thumbnail] }), prefixes };
  await untilDone(() => undo.discard(files), 'delete the uploads');
  const { retry: _, ...error } = failure.error;
  const compensated = [
    ...error.compensated,
    ...(leftovers ? [toUndoName(leftovers.provider)] : []),
    'processed files',
    'uploads',
  ];
  const outcome = { ...failure, error: { ...error, compensated } };
  // The record of the job offers a retry. The later of two records counts.
  await untilClosed(taskId);
  const amended = {
    ...record,
    objects: [],
    outcome,
    updated_at: new Date().toISOString(),
    ...withCost(record, leftovers),
  };
  const amend = () => records.amendTask(amended);
  await untilWritten(waitForStorage(amend, { patienceMs: PATIENCE_MS, isOnlyStorage: true }));
}
