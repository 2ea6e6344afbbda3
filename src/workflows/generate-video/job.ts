import { workflowInfo } from '@temporalio/workflow';
import type { JobInput } from '../../contracts/schemas/job.ts';
import { taskKeys, taskPrefix } from '../../contracts/task-keys.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { type JobActivities, jobActivities, records, undo } from '../activities.ts';
import type { Leftovers } from '../remote-talk/leftovers.ts';
import { RemoteTalk } from '../remote-talk/remote-talk.ts';
import { STORAGE_WAIT_MESSAGES, type StorageWait } from '../storage-wait.ts';
import { WebhookOutbox } from '../webhooks/webhook-outbox.ts';
import { Compensations } from './compensations.ts';
import { CompletedSteps } from './completed-steps.ts';
import { JobScope } from './job-scope.ts';
import { PersonChoice } from './person-choice.ts';
import { ProgressLog } from './progress-log.ts';
import { RetryOffer } from './retry-offer.ts';
import { TaskRecord } from './task-record.ts';
import { VideoClaim } from './video-claim.ts';

/** What the steps of a job work with. A retry under the same id is a job of its own. */
export interface Job {
  readonly input: JobInput;
  readonly keys: ReturnType<typeof taskKeys>;
  readonly scope: JobScope;
  readonly activities: JobActivities;
  /** Tells readers that the job waits for the storage. */
  readonly onStorageWait: (what: StorageWait) => void;
  readonly progress: ProgressLog;
  readonly record: TaskRecord;
  readonly compensations: Compensations;
  readonly completed: CompletedSteps;
  readonly choice: PersonChoice;
  readonly claim: VideoClaim;
  readonly webhooks: WebhookOutbox;
  readonly retryOffer: RetryOffer;
  /** Absent if the provider is a local one. */
  readonly remoteTalk: RemoteTalk | undefined;
}

/** Call it before the first `await` of the workflow: from then on the job answers queries and updates. */
export function openJob(input: JobInput): Job {
  const { taskId, provider, options, resume } = input;
  const webhooks = new WebhookOutbox(input);
  const progress = new ProgressLog(taskId, resume?.events);
  const onStorageWait = (what: StorageWait) =>
    progress.note(STORAGE_WAIT_MESSAGES[what], { waiting_for: what });
  const activities = jobActivities(onStorageWait);
  const record = new TaskRecord(input, records.recordTask);
  progress.onEvent((event) => webhooks.send(event));
  progress.onStageResult((events) => record.writeSoon(events));
  const compensations = new Compensations();
  for (const [name, tier] of [
    ['uploads', 'uploads'],
    ['processed files', 'processed'],
  ] as const) {
    const discard = () => undo.discard({ prefixes: [taskPrefix(tier, taskId)] }, onStorageWait);
    compensations.add(name, discard, () => true);
  }
  const scope = new JobScope({
    // By Temporal's clock, like all times in a workflow. The clock of the API may differ.
    atMs: (resume ? Date.parse(resume.at) : workflowInfo().startTime.getTime()) + options.deadline_s * 1000,
    seconds: options.deadline_s,
  });
  return {
    input,
    keys: taskKeys(taskId, videoFormatOf(options)),
    scope,
    activities,
    onStorageWait,
    progress,
    record,
    compensations,
    completed: new CompletedSteps(resume),
    choice: new PersonChoice(options),
    claim: new VideoClaim(input),
    webhooks,
    retryOffer: new RetryOffer(taskId, scope),
    remoteTalk:
      provider.kind === 'remote'
        ? new RemoteTalk(provider, taskId, resume?.attempt ?? 1, resume?.leftovers as Leftovers | undefined)
        : undefined,
  };
}
