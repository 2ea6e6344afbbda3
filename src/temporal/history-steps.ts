import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';
import { isErrorCode } from '../contracts/error-codes.ts';
import type { TimelineStep } from '../contracts/schemas/timeline.ts';
import { toIso, toMs } from './proto-time.ts';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;
type Failure = proto.temporal.api.failure.v1.IFailure;

/** A step with its moments as numbers. */
export interface MeasuredStep extends TimelineStep {
  scheduledMs: number;
  startedMs: number | undefined;
  endedMs: number | undefined;
}

/** Every activity call in the order of scheduling. `pending` describes the calls in progress. */
export function toSteps(events: HistoryEvent[], pending: PendingActivity[], nowMs: number): MeasuredStep[] {
  const pendingById = new Map(pending.map((activity) => [activity.activityId, activity]));
  const started = new Map<string, HistoryEvent>();
  const ended = new Map<
    string,
    { event: HistoryEvent; outcome: TimelineStep['outcome']; failure?: Failure }
  >();
  for (const event of events) {
    if (event.activityTaskStartedEventAttributes) {
      started.set(String(event.activityTaskStartedEventAttributes.scheduledEventId), event);
    }
    const end = toEnd(event);
    if (end) {
      ended.set(end.scheduledEventId, { event, ...end });
    }
  }
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled) {
      return [];
    }
    const id = String(event.eventId);
    const start = started.get(id);
    const end = ended.get(id);
    const open = end ? undefined : pendingById.get(scheduled.activityId);
    const startAttributes = start?.activityTaskStartedEventAttributes;
    const scheduledMs = toMs(event.eventTime);
    const startedMs = start
      ? toMs(start.eventTime)
      : open?.lastStartedTime
        ? toMs(open.lastStartedTime)
        : undefined;
    const endedMs = end && toMs(end.event.eventTime);
    const attempts = startAttributes?.attempt ?? open?.attempt ?? 1;
    const failure = end?.failure ?? startAttributes?.lastFailure ?? open?.lastFailure;
    const waitMs = (startedMs ?? endedMs ?? nowMs) - scheduledMs;
    const runMs = startedMs === undefined ? 0 : (endedMs ?? nowMs) - startedMs;
    return {
      name: scheduled.activityType?.name ?? 'unknown',
      queue: scheduled.taskQueue?.name ?? 'unknown',
      scheduled_at: toIso(scheduledMs),
      ...(startedMs !== undefined && { started_at: toIso(startedMs) }),
      ...(endedMs !== undefined && { ended_at: toIso(endedMs) }),
      attempts,
      retry_ms: attempts > 1 ? waitMs : 0,
      queue_ms: attempts > 1 ? 0 : waitMs,
      run_ms: runMs,
      outcome: end?.outcome ?? 'running',
      ...(failure && { error: toError(failure) }),
      scheduledMs,
      startedMs,
      endedMs,
    };
  });
}

function toEnd(event: HistoryEvent) {
  const completed = event.activityTaskCompletedEventAttributes;
  const failed = event.activityTaskFailedEventAttributes;
  const timedOut = event.activityTaskTimedOutEventAttributes;
  const cancelled = event.activityTaskCanceledEventAttributes;
  const end = completed ?? failed ?? timedOut ?? cancelled;
  const failure = failed?.failure ?? timedOut?.failure;
  return (
    end && {
      scheduledEventId: String(end.scheduledEventId),
      outcome: (completed
        ? 'completed'
        : failed
          ? 'failed'
          : timedOut
            ? 'timed_out'
            : 'cancelled') satisfies TimelineStep['outcome'] as TimelineStep['outcome'],
      ...(failure && { failure }),
    }
  );
}

function toError(failure: Failure): NonNullable<TimelineStep['error']> {
  const error = defaultFailureConverter.failureToError(failure, defaultPayloadConverter);
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { ...(isErrorCode(code) && { code }), message: error.message };
}
