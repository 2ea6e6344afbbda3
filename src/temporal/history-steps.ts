import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';
import { isErrorCode } from '../contracts/error-codes.ts';
import { isHandedBackType } from '../contracts/handed-back.ts';
import { isProviderQueue } from '../contracts/queues.ts';
import type { TimelineStep } from '../contracts/schemas/timeline.ts';
import type { TimeKind } from '../contracts/timeline.ts';
import { toIso, toMs } from './proto-time.ts';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;
type Failure = proto.temporal.api.failure.v1.IFailure;

/** A span of time and how it was spent. */
export interface Span {
  kind: TimeKind;
  fromMs: number;
  toMs: number;
}

export interface MeasuredStep {
  step: TimelineStep;
  scheduledMs: number;
  /** Its wait, and its run if it has started. */
  spans: Span[];
}

/** Every activity call in the order of scheduling. `pending` describes the calls in progress. */
export function toSteps(events: HistoryEvent[], pending: PendingActivity[], nowMs: number): MeasuredStep[] {
  const pendingById = new Map(pending.map((activity) => [activity.activityId, activity]));
  const starts = new Map<string, HistoryEvent>();
  const ends = new Map<string, StepEnd>();
  for (const event of events) {
    if (event.activityTaskStartedEventAttributes) {
      starts.set(String(event.activityTaskStartedEventAttributes.scheduledEventId), event);
    }
    const end = toEnd(event);
    if (end) {
      ends.set(end.scheduledEventId, end);
    }
  }
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled) {
      return [];
    }
    const id = String(event.eventId);
    const start = starts.get(id);
    const end = ends.get(id);
    const open = end ? undefined : pendingById.get(scheduled.activityId);
    const startAttributes = start?.activityTaskStartedEventAttributes;
    const startTime = start?.eventTime ?? open?.lastStartedTime;
    const scheduledMs = toMs(event.eventTime);
    const startedMs = startTime ? toMs(startTime) : undefined;
    const untilMs = end?.endedMs ?? nowMs;
    const attempts = startAttributes?.attempt ?? open?.attempt ?? 1;
    const failure = end?.failure ?? startAttributes?.lastFailure ?? open?.lastFailure;
    const queue = scheduled.taskQueue?.name ?? 'unknown';
    const wait: Span = {
      kind: attempts > 1 ? 'retry' : 'queue',
      fromMs: scheduledMs,
      toMs: startedMs ?? untilMs,
    };
    const run: Span = {
      kind: isProviderQueue(queue) ? 'provider' : 'compute',
      fromMs: startedMs ?? untilMs,
      toMs: untilMs,
    };
    const waitMs = Math.round(wait.toMs - wait.fromMs);
    const step: TimelineStep = {
      name: scheduled.activityType?.name ?? 'unknown',
      queue,
      scheduled_at: toIso(scheduledMs),
      ...(startedMs !== undefined && { started_at: toIso(startedMs) }),
      ...(end && { ended_at: toIso(end.endedMs) }),
      attempts,
      retry_ms: attempts > 1 ? waitMs : 0,
      queue_ms: attempts > 1 ? 0 : waitMs,
      run_ms: Math.round(run.toMs - run.fromMs),
      outcome: end?.outcome ?? 'running',
      ...(failure && { error: toError(failure) }),
    };
    return [{ step, scheduledMs, spans: [wait, run] }];
  });
}

interface StepEnd {
  scheduledEventId: string;
  endedMs: number;
  outcome: TimelineStep['outcome'];
  failure?: Failure | null | undefined;
}

function toEnd(event: HistoryEvent): StepEnd | undefined {
  const completed = event.activityTaskCompletedEventAttributes;
  const failed = event.activityTaskFailedEventAttributes;
  const timedOut = event.activityTaskTimedOutEventAttributes;
  const end = completed ?? failed ?? timedOut ?? event.activityTaskCanceledEventAttributes;
  return end
    ? {
        scheduledEventId: String(end.scheduledEventId),
        endedMs: toMs(event.eventTime),
        ...(isHandedBackType(failed?.failure?.applicationFailureInfo?.type)
          ? { outcome: 'handed_back' }
          : {
              outcome: completed ? 'completed' : failed ? 'failed' : timedOut ? 'timed_out' : 'cancelled',
              failure: failed?.failure ?? timedOut?.failure,
            }),
      }
    : undefined;
}

function toError(failure: Failure): NonNullable<TimelineStep['error']> {
  const error = defaultFailureConverter.failureToError(failure, defaultPayloadConverter);
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { ...(isErrorCode(code) && { code }), message: error.message };
}
