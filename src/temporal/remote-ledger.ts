import { defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';
import type { RemoteThing } from '../contracts/schemas/job.ts';
import type { RemoteLedger } from '../ports/job-client.ts';
import { toIso, toMs } from './proto-time.ts';

type Scheduled = proto.temporal.api.history.v1.IActivityTaskScheduledEventAttributes;
type Payloads = proto.temporal.api.common.v1.IPayloads | null | undefined;

export interface TaskHistory {
  events: proto.temporal.api.history.v1.IHistoryEvent[];
  /** Whether it was terminated or timed out, so it could not clean up after itself. */
  isCutShort: boolean;
}

/** Everything that the task has made at its provider and not deleted. */
export function toRemoteLedger(histories: TaskHistory[]): RemoteLedger {
  const made = new Map<string, RemoteThing>();
  const deleted = new Set<string>();
  const lostTalks: RemoteLedger['lostTalks'] = [];
  // Also if that was the retry window or the tidy-up of a job, which searches for the talk after it.
  const isCutShort = histories.some((history) => history.isCutShort);
  for (const { events } of histories) {
    const orders = new Map<string, RemoteLedger['lostTalks'][number]>();
    let hasTalk = false;
    const calls = new Map<string, Scheduled>();
    for (const event of events) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) {
        calls.set(String(event.eventId), scheduled);
        if (scheduled.activityType?.name === 'createTalk') {
          const provider = scheduled.taskQueue?.name ?? '';
          orders.set(provider, { provider, createdSince: toIso(toMs(event.eventTime)) });
        }
      }
      const completed = event.activityTaskCompletedEventAttributes;
      const call = completed && calls.get(String(completed.scheduledEventId));
      if (!call) {
        continue;
      }
      if (call.activityType?.name === 'deleteRemote') {
        deleted.add(toKey(first(call.input)));
      }
      const thing = toThing(call, first(completed.result));
      if (thing) {
        made.set(toKey(thing), thing);
        hasTalk ||= thing.what === 'talk';
      }
    }
    if (isCutShort && !hasTalk) {
      lostTalks.push(...orders.values());
    }
  }
  return { things: [...made].flatMap(([key, thing]) => (deleted.has(key) ? [] : [thing])), lostTalks };
}

function toThing({ activityType, taskQueue }: Scheduled, result: Answer): RemoteThing | undefined {
  // The queue of a remote provider has its name.
  const provider = taskQueue?.name ?? '';
  switch (activityType?.name) {
    case 'uploadPortrait':
      return result.id === undefined ? undefined : { provider, what: 'portrait', id: result.id };
    case 'uploadVoice':
      return result.id === undefined ? undefined : { provider, what: 'voice', id: result.id };
    case 'createTalk':
    case 'findTalk':
      return result.talkId === undefined ? undefined : { provider, what: 'talk', id: result.talkId };
    default:
      return undefined;
  }
}

/** The result of an activity above, or the argument of `deleteRemote`. */
type Answer = Partial<Record<'id' | 'talkId' | 'what', string>>;

function first(payloads: Payloads): Answer {
  const [payload] = payloads?.payloads ?? [];
  return (payload && defaultPayloadConverter.fromPayload<Answer | null>(payload)) ?? {};
}

function toKey({ what, id }: Answer): string {
  return `${what} ${id}`;
}
