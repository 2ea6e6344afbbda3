import type { JobInput } from '../../contracts/schemas/job.ts';
import { Compensations } from '../compensation.ts';
import type { RemoteTalk } from '../remote-talk/remote-talk.ts';
import { WebhookOutbox } from '../webhooks/webhook-outbox.ts';
import { Steps } from './completed-steps.ts';
import { openRemoteTalk } from './make-talk.ts';
import { PersonChoice } from './person-choice.ts';
import { ProgressLog } from './progress-log.ts';
import { Reuse } from './reuse.ts';
import { TaskRecord } from './task-record.ts';

/** One job, or one attempt of it that goes on where an earlier one failed. */
export interface Job {
  input: JobInput;
  progress: ProgressLog;
  record: TaskRecord;
  compensations: Compensations;
  steps: Steps;
  choice: PersonChoice;
  reuse: Reuse;
  webhooks: WebhookOutbox;
  /** Absent if the provider is a local one. */
  remoteTalk: RemoteTalk | undefined;
}

/** To be called before anything is waited for: it answers queries and updates from then on. */
export function openJob(input: JobInput): Job {
  const record = new TaskRecord(input);
  const webhooks = new WebhookOutbox(input);
  const progress = new ProgressLog(
    input.taskId,
    (events) => record.keep(events),
    (event) => webhooks.tell(event),
    input.resume?.events,
  );
  const compensations = new Compensations();
  return {
    input,
    progress,
    record,
    compensations,
    steps: new Steps(input.resume),
    choice: new PersonChoice(input.options),
    webhooks,
    remoteTalk: openRemoteTalk(input),
    reuse: new Reuse({ input, progress, record, compensations }),
  };
}
