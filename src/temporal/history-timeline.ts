import { defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';
import type { Timeline, TimelineStage, TimeSplit } from '../contracts/schemas/timeline.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { isTerminal, type Stage } from '../contracts/stages.ts';
import { TIME_KINDS, type TimeKind } from '../contracts/timeline.ts';
import { type Span, toSteps } from './history-steps.ts';
import { toIso, toMs } from './proto-time.ts';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

export interface JobHistory {
  taskId: string;
  events: HistoryEvent[];
  pending: proto.temporal.api.workflow.v1.IPendingActivityInfo[];
  /** ISO 8601. */
  submittedAt: string;
  nowMs: number;
}

/** How a job spent its time, from its history. Every moment since the submission counts once. */
export function toTimeline({ taskId, events, pending, submittedAt, nowMs }: JobHistory): Timeline {
  const steps = toSteps(events, pending, nowMs);
  const startMs = Math.min(Date.parse(submittedAt), toMs(events[0]?.eventTime));
  const endMs = findEnd(events);
  const untilMs = endMs ?? nowMs;
  const work = steps.filter(({ step }) => !IN_PARALLEL.has(step.name)).flatMap(({ spans }) => spans);
  const timers = toTimers(events, untilMs);
  const stages = toStages(events, startMs, untilMs).map(
    ({ stage, fromMs, toMs }, index, all): TimelineStage => {
      const isLast = index === all.length - 1;
      const kind = PROVIDER_STAGES.has(stage) ? 'provider' : 'queue';
      return {
        stage,
        started_at: toIso(fromMs),
        ...((!isLast || endMs !== undefined) && { ended_at: toIso(toMs) }),
        ms: Math.round(toMs - fromMs),
        split_ms: split([...work, ...timers.map((timer) => ({ ...timer, kind }) as const)], fromMs, toMs),
        steps: steps
          .filter(({ scheduledMs }) => scheduledMs >= fromMs && (scheduledMs < toMs || isLast))
          .map(({ step }) => step),
      };
    },
  );
  return {
    task_id: taskId,
    source: 'history',
    submitted_at: submittedAt,
    ...(endMs !== undefined && { ended_at: toIso(endMs) }),
    total_ms: Math.round(untilMs - startMs),
    split_ms: addUp(stages.map(({ split_ms }) => split_ms)),
    stages,
  };
}

function addUp(splits: TimeSplit[]): TimeSplit {
  const sum = (kind: TimeKind) => splits.reduce((total, one) => total + one[kind], 0);
  return Object.fromEntries(TIME_KINDS.map((kind) => [kind, sum(kind)])) as TimeSplit;
}

function toStages(events: HistoryEvent[], startMs: number, untilMs: number) {
  const entered: Array<{ stage: Stage; fromMs: number }> = [{ stage: 'INITIALIZED', fromMs: startMs }];
  for (const event of events) {
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
    const payload = fields?.[SEARCH_ATTRIBUTES.stage];
    const value = payload && defaultPayloadConverter.fromPayload<Stage | [Stage]>(payload);
    const stage = Array.isArray(value) ? value[0] : value;
    if (stage && stage !== entered.at(-1)?.stage && !isTerminal(stage)) {
      entered.push({ stage, fromMs: toMs(event.eventTime) });
    }
  }
  return entered.map(({ stage, fromMs }, index) => ({
    stage,
    fromMs,
    toMs: entered[index + 1]?.fromMs ?? untilMs,
  }));
}

function findEnd(events: HistoryEvent[]): number | undefined {
  const last = events.at(-1);
  const hasEnded =
    last?.workflowExecutionCompletedEventAttributes ??
    last?.workflowExecutionFailedEventAttributes ??
    last?.workflowExecutionCanceledEventAttributes ??
    last?.workflowExecutionTerminatedEventAttributes ??
    last?.workflowExecutionTimedOutEventAttributes;
  return hasEnded ? toMs(last?.eventTime) : undefined;
}

/** Records are written in parallel to the work, so no job waits for them. */
const IN_PARALLEL: ReadonlySet<string> = new Set(['recordTask']);

/** In other stages a job sleeps until there is disk space, or until an identical job ends. */
const PROVIDER_STAGES: ReadonlySet<Stage> = new Set(['DID_UPLOAD', 'DID_PROCESSING', 'DID_COMPLETE']);

/** When the workflow sleeps, between polls of the provider or on hold: all its timers but the deadline, which is the first. */
function toTimers(events: HistoryEvent[], untilMs: number): Array<Omit<Span, 'kind'>> {
  const done = new Map<string, number>();
  for (const { timerFiredEventAttributes: fired, timerCanceledEventAttributes: gone, eventTime } of events) {
    const id = fired?.startedEventId ?? gone?.startedEventId;
    if (id != null) {
      done.set(String(id), toMs(eventTime));
    }
  }
  return events
    .filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes)
    .slice(1)
    .map((event) => ({
      fromMs: toMs(event.eventTime),
      toMs: done.get(String(event.eventId)) ?? untilMs,
    }));
}

/** If several kinds cover a moment, it counts as the first of them. */
function split(spans: Span[], fromMs: number, toMs: number): TimeSplit {
  const cuts = [fromMs, toMs, ...spans.flatMap((span) => [span.fromMs, span.toMs])]
    .filter((ms) => ms >= fromMs && ms <= toMs)
    .sort((a, b) => a - b);
  const sums: TimeSplit = { compute: 0, provider: 0, retry: 0, queue: 0, orchestration: 0 };
  for (const [index, cut] of cuts.entries()) {
    const next = cuts[index + 1] ?? cut;
    const kind =
      TIME_KINDS.find((one) =>
        spans.some((span) => span.kind === one && span.fromMs <= cut && span.toMs >= next && next > cut),
      ) ?? 'orchestration';
    sums[kind] += next - cut;
  }
  return Object.fromEntries(TIME_KINDS.map((kind) => [kind, Math.round(sums[kind])])) as TimeSplit;
}
