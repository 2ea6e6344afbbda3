import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { toLane } from '../contracts/lane.ts';
import {
  GENERATE_VIDEO,
  PROGRESS_QUERY,
  taskIdOf,
  toRunTimeoutMs,
  toWorkflowId,
} from '../contracts/messages.ts';
import { QUEUES } from '../contracts/queues.ts';
import { RETRIED_FROM_MEMO, toRetryWindowId } from '../contracts/retry.ts';
import type { JobInput } from '../contracts/schemas/job.ts';
import { JobMemo, type Progress } from '../contracts/schemas/messages.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { Stage } from '../contracts/stages.ts';
import { ignoreFailure, isFailure, PipelineError } from '../errors.ts';
import type { JobClient, JobDescription, PendingActivity } from '../ports/job-client.ts';
import { decodePending, readPayload } from './decode-payloads.ts';
import { describeErasure, eraseJob } from './erase-job.ts';
import { listExecutions } from './list-executions.ts';
import { listJobs } from './list-jobs.ts';
import { toIso, toMs } from './proto-time.ts';
import { readQueuePlace, toWaitsIn } from './queue-place.ts';
import { readMemo } from './read-memo.ts';
import { KEY, OUTCOME, PROVIDER, STAGE, SUBMITTED_AT, TASK_ID } from './search-attribute-keys.ts';
import { createTaskUpdates } from './task-updates.ts';
import { callTemporal, unlessMissing } from './temporal-error.ts';

const PING_TIMEOUT_MS = 2_000;
/** A worker answers in milliseconds, or in a second or two if it has to replay the job first. */
const QUERY_TIMEOUT_MS = 3_000;
/** The server ends a long poll after 20 s by itself. */
const LONG_POLL_TIMEOUT_MS = 60_000;

const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;

/** `JobClient` over a Temporal client. The caller owns the connection and closes it. */
export function createTemporalJobs({ client }: { client: Client }): JobClient {
  const { workflow, connection } = client;
  const { namespace } = client.options;

  const call = <T>(taskId: string | undefined, work: () => Promise<T>, timeoutMs?: number) =>
    callTemporal(client, work, { taskId, ...(timeoutMs !== undefined && { timeoutMs }) });

  const updates = createTaskUpdates(client);

  /** The failed attempt has closed, and the next one has not begun or has just begun. */
  const cancelRetry = async (taskId: string) => {
    for (const workflowId of [toRetryWindowId(taskId), toWorkflowId(taskId)]) {
      await unlessMissing(() => call(taskId, () => workflow.getHandle(workflowId).cancel()));
    }
  };

  return {
    async ping() {
      await call(undefined, () => connection.workflowService.getSystemInfo({}), PING_TIMEOUT_MS);
    },

    async start(input) {
      try {
        await call(input.taskId, () => workflow.start(GENERATE_VIDEO, toStartOptions(input)));
        return { created: true };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) {
          return { created: false };
        }
        throw error;
      }
    },

    async describe(taskId) {
      const description = await call(taskId, () => workflow.getHandle(toWorkflowId(taskId)).describe());
      const pending = await decodePending(client, description);
      const waitsIn = toWaitsIn(pending);
      return {
        memo: readMemo(JobMemo, description.memo),
        status: description.status.name.toLowerCase() as JobDescription['status'],
        stage: description.typedSearchAttributes.get(STAGE) as Stage | undefined,
        activities: pending.map(toPendingActivity),
        ...(waitsIn && { waitsIn }),
      };
    },

    queuePlace: (job) => call(undefined, () => readQueuePlace(client, job)),

    list: (query) => call(undefined, () => listJobs(client, query)),

    async inFlight(owner) {
      const query = `WorkflowType="${GENERATE_VIDEO}" AND ExecutionStatus="Running" AND ${SEARCH_ATTRIBUTES.key}="${owner}"`;
      return call(undefined, async () => {
        const found = new Map<string, number>();
        for await (const { execution, memo } of listExecutions(client, query)) {
          const taskId = taskIdOf(execution?.workflowId ?? '');
          if (taskId !== undefined) {
            const uploadBytes = memo?.fields?.uploadBytes;
            const bytes = uploadBytes && readPayload<number>(client, uploadBytes);
            // A task whose key is missing counts as one of no size.
            found.set(taskId, (bytes && (await ignoreFailure(bytes, 'its size is unknown'))) ?? 0);
          }
        }
        return found;
      });
    },

    progress(taskId, since) {
      const handle = workflow.getHandle(toWorkflowId(taskId));
      const query = () => handle.query<Progress, [number]>(PROGRESS_QUERY, since);
      return call(taskId, query, QUERY_TIMEOUT_MS);
    },

    async waitForChange(taskId, cursor, signal) {
      let nextPageToken = cursor ?? new Uint8Array();
      const execution = { workflowId: toWorkflowId(taskId) };
      for (;;) {
        signal.throwIfAborted();
        const poll = () =>
          connection.workflowService.getWorkflowExecutionHistory({
            namespace,
            execution,
            nextPageToken,
            waitNewEvent: true,
          });
        const response = await call(
          taskId,
          () => client.withAbortSignal(signal, poll),
          LONG_POLL_TIMEOUT_MS,
        ).catch((error) => {
          signal.throwIfAborted();
          throw error;
        });
        nextPageToken = response.nextPageToken;
        if (nextPageToken.length === 0) {
          return undefined;
        }
        // Only workflow code changes a job, and it has run once its workflow task is completed.
        const events = response.history?.events ?? [];
        if (events.some(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED)) {
          return nextPageToken;
        }
      }
    },

    async cancel(taskId) {
      try {
        // This is the whole cancellation, and it needs no worker: the job is cancelled even if the caller dies here. It does
        // not affect a job whose video is finished.
        await call(taskId, () => workflow.getHandle(toWorkflowId(taskId)).cancel());
        await updates.checkCancel(taskId).catch(ignoreUnavailable);
      } catch (error) {
        // Temporal gives the same error for an execution that has ended and for one that never existed.
        if (!isFailure(error, 'TASK_NOT_FOUND')) {
          throw error;
        }
        if (await this.isRetried(taskId)) {
          await cancelRetry(taskId);
        } else {
          await this.describe(taskId);
        }
      }
    },

    async choosePerson(taskId, person) {
      try {
        await updates.choosePerson(taskId, person);
      } catch (error) {
        if (!isFailure(error, 'TASK_NOT_FOUND')) {
          throw error;
        }
        await this.describe(taskId);
        throw new PipelineError('TASK_ENDED', 'The task has ended, so no person can be chosen.');
      }
    },

    retry: updates.retry,

    async isRetried(taskId) {
      const window = await unlessMissing(() =>
        call(taskId, () => workflow.getHandle(toRetryWindowId(taskId)).describe()),
      );
      if (!window?.memo?.[RETRIED_FROM_MEMO]) {
        return false;
      }
      // It closes once the job runs again.
      return window.status.name === 'RUNNING' || isTaskRunning(this, taskId);
    },

    erase: (taskId, task) => eraseJob(client, taskId, task),

    describeErasure: (taskId) => describeErasure(client, taskId),
  };
}

/** If no worker answers, the caller does not learn whether the cancellation came too late. */
function ignoreUnavailable(error: unknown): void {
  if (!isFailure(error, 'TEMPORAL_UNAVAILABLE')) {
    throw error;
  }
}

/** What lists and statuses need to know about a job without reading its input. */
export function toJobMemo({
  fingerprint,
  submittedAt,
  image,
  audio,
  backgroundImage,
  options,
  owner,
  consent,
}: JobInput): JobMemo {
  const uploads = [image, audio, ...(backgroundImage ? [backgroundImage] : [])];
  return {
    fingerprint,
    submittedAt,
    uploads: uploads.map(({ key }) => key),
    uploadBytes: uploads.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(options.name !== undefined && { name: options.name }),
    provider: options.provider,
    ...(options.long_side_px !== undefined && { longSidePx: options.long_side_px }),
    ...(owner !== undefined && { owner }),
    ...(consent && { consent }),
  };
}

function toStartOptions(input: JobInput) {
  const { taskId, options, image, audio, owner } = input;
  return {
    workflowId: toWorkflowId(taskId),
    taskQueue: QUEUES.pipeline,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    workflowIdConflictPolicy: 'FAIL' as const,
    workflowRunTimeout: toRunTimeoutMs(options),
    memo: { ...toJobMemo(input) },
    staticSummary: `Talking video of a photo (${toSize(image.bytes)}) and a voice recording (${toSize(audio.bytes)})`,
    typedSearchAttributes: [
      { key: TASK_ID, value: taskId },
      { key: STAGE, value: 'INITIALIZED' },
      { key: PROVIDER, value: options.provider },
      { key: OUTCOME, value: 'running' },
      { key: SUBMITTED_AT, value: new Date(input.submittedAt) },
      ...(owner === undefined ? [] : [{ key: KEY, value: owner }]),
    ],
    priority: toLane(options.priority, input),
  };
}

function toSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function toPendingActivity(info: proto.temporal.api.workflow.v1.IPendingActivityInfo): PendingActivity {
  const heartbeat = info.heartbeatDetails?.payloads?.[0];
  return {
    name: info.activityType?.name ?? 'unknown',
    attempt: info.attempt ?? 1,
    heartbeat: heartbeat && defaultPayloadConverter.fromPayload(heartbeat),
    ...(info.lastStartedTime && { startedAt: toIso(toMs(info.lastStartedTime)) }),
  };
}

/** Rejects if Temporal does not answer. */
export async function isTaskRunning(jobs: Pick<JobClient, 'describe'>, taskId: string): Promise<boolean> {
  try {
    return (await jobs.describe(taskId)).status === 'running';
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND')) {
      return false;
    }
    throw error;
  }
}
