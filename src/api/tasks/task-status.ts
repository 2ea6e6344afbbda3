import type { JobOutcome, Person } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Eta, TaskStatus } from '../../contracts/schemas/task-status.ts';
import { toTaskResult } from '../../contracts/schemas/task-urls.ts';
import { isTerminal, STAGE_PERCENT } from '../../contracts/stages.ts';
import { ignoreFailure, ignoreStorageOutage, isFailure, PipelineError } from '../../errors.ts';
import type { JobClient, JobDescription } from '../../ports/job-client.ts';
import type { TaskNames } from '../../ports/task-names.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { isCountingFrames } from '../progress/activity-progress.ts';
import { estimateEnd } from '../progress/estimate-end.ts';
import { toForgottenEnd, toLostEnd } from './lost-job.ts';
import type { RecentTimelines } from './timeline-summary.ts';

/** Until the failed attempt has closed, its status would report a failure that the retry has already outdated. */
export function toWaiting({ error, ...status }: TaskStatus): TaskStatus {
  return {
    ...status,
    stage: error?.stage ?? status.stage,
    message: 'The retry is accepted. The task continues as soon as its failed attempt has closed.',
  };
}

/**
 * Asks a worker about a running task, or Temporal alone if no worker answers. Reads the record of any other task. So ended
 * tasks have a status while Temporal does not respond. While the store does not respond, every task that Temporal still has
 * has a status.
 */
export async function readTaskStatus(deps: StatusDeps, taskId: string): Promise<TaskStatus> {
  const [asked] = await Promise.allSettled([deps.jobs.describe(taskId)]);
  const isKnown = asked.status === 'fulfilled';
  const isRunning = isKnown && asked.value.status === 'running';
  const renaming = deps.names?.read(taskId) ?? Promise.resolve(undefined);
  const [[recorded], renamed] = await Promise.all([
    Promise.allSettled([isRunning ? undefined : deps.records.read(taskId)]),
    isKnown ? ignoreStorageOutage(renaming) : renaming,
  ]);
  const facts = await readFacts(deps, taskId, { asked, recorded });
  const isRetried =
    facts.error?.retry &&
    (await ignoreFailure(
      deps.jobs.isRetried(taskId),
      'until Temporal answers, the failure is all that is known',
    ));
  const status = isRetried ? toWaiting(facts) : facts;
  return renamed === undefined ? status : { ...status, name: renamed };
}

export interface StatusDeps {
  jobs: JobClient;
  records: TaskRecords;
  /** Default: the name is the one that the task was submitted with. */
  names?: TaskNames;
  /** For the estimated end. Default: there is none. */
  expected?: { recent: RecentTimelines; defaultLongSidePx: number };
}

async function readFacts(
  { jobs, expected }: StatusDeps,
  taskId: string,
  {
    asked,
    recorded,
  }: {
    asked: PromiseSettledResult<JobDescription>;
    recorded: PromiseSettledResult<TaskMetadata | undefined>;
  },
): Promise<TaskStatus> {
  if (recorded.status === 'rejected') {
    return readEnd(jobs, taskId, { asked, error: recorded.reason });
  }
  const record = recorded.value;
  const latest = record?.events.at(-1);
  if (record?.outcome && latest) {
    return toStatus(latest, fromRecord(record), record.outcome);
  }
  if (asked.status === 'rejected') {
    if (!record || !isFailure(asked.reason, 'TASK_NOT_FOUND')) {
      throw asked.reason;
    }
    const { event, outcome } = toForgottenEnd(record);
    return toStatus(event, fromRecord(record), outcome);
  }
  const description = asked.value;
  const { memo, activities } = description;
  const progress = await jobs.progress(taskId, 0).catch((error) => {
    if (isFailure(error, 'TEMPORAL_UNAVAILABLE')) {
      return undefined;
    }
    throw error;
  });
  if (progress?.outcome && !progress.isUnrecorded && description.status !== 'running' && !record) {
    // The job was recorded before it ended, so it was erased. Temporal takes up to a minute to forget it.
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId}.`);
  }
  const last = progress?.events.at(-1) ?? latest;
  if (description.status !== 'running' && !progress?.outcome) {
    const { event, outcome } = toLostEnd(taskId, description, last);
    return toStatus(event, fromMemo(memo), outcome);
  }
  const attempts = activities.map(({ attempt }) => attempt);
  const waiting = await findQueue(jobs, description);
  const eta =
    progress &&
    expected &&
    toEta(progress.events, description, { ...expected, place: waiting.queue?.position });
  return {
    ...(progress && last
      ? toStatus(last, fromMemo(memo), progress.outcome)
      : withoutWorker(taskId, description)),
    ...(eta && !progress?.outcome && { eta }),
    ...waiting,
    ...(attempts.length > 0 && { attempts: Math.max(...attempts) }),
  };
}

/** The status of an ended task while its record cannot be read. Rejects with that error if Temporal does not have its end. */
async function readEnd(
  jobs: JobClient,
  taskId: string,
  { asked, error }: { asked: PromiseSettledResult<JobDescription>; error: unknown },
): Promise<TaskStatus> {
  const isAway = isFailure(error, 'STORAGE_UNAVAILABLE') && asked.status === 'fulfilled';
  const progress = isAway
    ? await ignoreFailure(jobs.progress(taskId, 0), 'the error of the store says more')
    : undefined;
  const last = progress?.events.at(-1);
  if (!isAway || !progress?.outcome || !last) {
    throw error;
  }
  return toStatus(last, fromMemo(asked.value.memo), progress.outcome);
}

function toEta(
  events: StageEvent[],
  { memo, activities }: JobDescription,
  { recent, defaultLongSidePx, place }: NonNullable<StatusDeps['expected']> & { place: number | undefined },
): Eta | undefined {
  const times = recent.peek();
  const last = events.at(-1);
  const stage = last?.data.stage;
  if (!last || stage === undefined || isTerminal(stage) || waitsForOthers(last)) {
    return undefined;
  }
  const since = events.find(({ data }) => data.stage === stage)!.timestamp;
  const voice = events.map(({ data }) => data.details?.voice as { durationS: number } | undefined);
  const counting = activities.find(isCountingFrames);
  return estimateEnd(
    times,
    {
      stage,
      since: new Date(since),
      voiceS: voice.find((found) => found)?.durationS,
      provider: memo.provider,
      longSidePx: memo.longSidePx,
      ...(place !== undefined && { place }),
      ...(counting?.startedAt && {
        frames: {
          done: counting.heartbeat.frame,
          all: counting.heartbeat.frames,
          since: new Date(counting.startedAt),
        },
      }),
    },
    { now: new Date(), defaultLongSidePx },
  );
}

/** Whether it waits for a choice, disk space or a provider: the duration is unknown. */
function waitsForOthers({ data: { details } }: StageEvent): boolean {
  return details?.waiting_for !== undefined || details?.hold !== undefined;
}

/** The part of a status that is known from the submission. */
type Submission = Pick<TaskStatus, 'submitted_at' | 'name' | 'provider' | 'consent'>;

function fromRecord({ submitted_at, consent, options: { name, provider } }: TaskMetadata): Submission {
  return { submitted_at, ...(name !== undefined && { name }), provider, ...(consent && { consent }) };
}

function fromMemo({ submittedAt, name, provider, consent }: JobDescription['memo']): Submission {
  return {
    submitted_at: submittedAt,
    ...(name !== undefined && { name }),
    provider,
    ...(consent && { consent }),
  };
}

function toStatus(event: StageEvent, submission: Submission, outcome: JobOutcome | undefined): TaskStatus {
  return {
    task_id: event.task_id,
    stage: event.data.stage,
    progress_percent: event.data.progress_percent,
    message: event.data.message,
    ...submission,
    updated_at: event.timestamp,
    ...toChoice(event),
    ...(outcome && (outcome.success ? { result: toTaskResult(outcome) } : { error: outcome.error })),
  };
}

async function findQueue(
  jobs: JobClient,
  { waitsIn, stage, memo: { submittedAt } }: JobDescription,
): Promise<Pick<TaskStatus, 'queue'>> {
  if (!waitsIn || !stage) {
    return {};
  }
  const place = jobs.queuePlace({ queue: waitsIn, stage, submittedAt });
  const queue = await ignoreFailure(place, 'a status without the place is better than none');
  return queue ? { queue } : {};
}

function toChoice({ data: { details } }: StageEvent): Pick<TaskStatus, 'choice'> {
  return details?.waiting_for === 'person' ? { choice: { persons: details.persons as Person[] } } : {};
}

function withoutWorker(taskId: string, { stage = 'INITIALIZED', memo }: JobDescription): TaskStatus {
  return {
    task_id: taskId,
    stage,
    progress_percent: stage === 'FAILED' || stage === 'CANCELLED' ? 0 : STAGE_PERCENT[stage],
    message: 'Accepted. The workers do not answer at the moment; the task continues when they do',
    ...fromMemo(memo),
    updated_at: memo.submittedAt,
  };
}
