import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import type { Stage } from '../../src/contracts/stages.ts';
import { type JobHistory, toTimeline } from '../../src/temporal/history-timeline.ts';

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number) => {
  const ms = START_MS + seconds * 1000;
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
};

/** A job that only sleeps: `slept` seconds in the stage that it enters after one second. */
function sleeper(stage: Stage, slept: number): JobHistory {
  const events = [
    { eventTime: at(0), workflowExecutionStartedEventAttributes: {} },
    { eventTime: at(0), timerStartedEventAttributes: { timerId: 'deadline' } },
    {
      eventTime: at(1),
      upsertWorkflowSearchAttributesEventAttributes: {
        searchAttributes: {
          indexedFields: { [SEARCH_ATTRIBUTES.stage]: defaultPayloadConverter.toPayload([stage]) },
        },
      },
    },
    { eventTime: at(1), timerStartedEventAttributes: { timerId: 'hold' } },
    { eventTime: at(1 + slept), timerFiredEventAttributes: { timerId: 'hold', startedEventId: 4 } },
    { eventTime: at(1 + slept), workflowExecutionCompletedEventAttributes: {} },
  ].map((event, index) => ({ ...event, eventId: index + 1 }));
  return {
    taskId: 'task',
    events: events as unknown as JobHistory['events'],
    pending: [],
    submittedAt: new Date(START_MS).toISOString(),
    nowMs: START_MS + 100_000,
  };
}

it('counts waiting for the provider as provider time', () => {
  const { total_ms, split_ms } = toTimeline(sleeper('DID_UPLOAD', 50));
  expect(total_ms).toBe(51_000);
  expect(split_ms).toEqual({ compute: 0, provider: 50_000, retry: 0, queue: 0, orchestration: 1_000 });
});

it('does not count waiting for disk space or another job as provider time', () => {
  expect(toTimeline(sleeper('BACKGROUND_REMOVAL_RUNNING', 50)).split_ms).toEqual({
    compute: 0,
    provider: 0,
    retry: 0,
    queue: 50_000,
    orchestration: 1_000,
  });
});
