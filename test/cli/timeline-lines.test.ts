import { expect, it } from 'vitest';
import { summaryLines, timelineLines } from '../../src/cli/terminal/timeline-lines.ts';
import type { Timeline } from '../../src/contracts/schemas/timeline.ts';

const at = '2026-11-25T09:30:00.000Z';
const split = { compute: 900, provider: 40_000, retry: 1_500, queue: 11_000, orchestration: 60 };
const timeline: Timeline = {
  task_id: 't',
  source: 'history',
  submitted_at: at,
  ended_at: at,
  total_ms: 53_460,
  split_ms: split,
  stages: [
    {
      stage: 'DID_PROCESSING',
      started_at: at,
      ended_at: at,
      ms: 53_460,
      split_ms: split,
      steps: [
        {
          name: 'readTalk',
          queue: 'd-id',
          scheduled_at: at,
          attempts: 2,
          retry_ms: 1_500,
          queue_ms: 0,
          run_ms: 200,
          outcome: 'completed',
          error: { code: 'PROVIDER_UNAVAILABLE', message: 'D-ID did not answer' },
        },
      ],
    },
  ],
};

it('shows each stage, its steps with failed attempts, and the total', () => {
  expect(timelineLines(timeline).map((line) => line.split(/ {2,}/).filter(Boolean))).toEqual([
    ['stage, step', 'total', 'compute', 'provider', 'retry', 'queue', 'orchestration'],
    ['DID_PROCESSING', '53.5 s', '0.90 s', '40.0 s', '1.50 s', '11.0 s', '0.06 s'],
    ['readTalk (d-id)', '1.70 s', '-', '0.20 s', '1.50 s', '-', '-', 'attempt 2, PROVIDER_UNAVAILABLE'],
    ['all', '53.5 s', '0.90 s', '40.0 s', '1.50 s', '11.0 s', '0.06 s'],
  ]);
});

it('shows unknown times as ? for a task with known stages only', () => {
  const { split_ms: _, ...rest } = timeline;
  const lines = timelineLines({ ...rest, source: 'events' });
  expect(lines.at(-1)).toMatch(/^all +53\.5 s( +\?){5}$/);
});

it('reports that no task has ended', () => {
  const zero = { p50: 0, p90: 0, p99: 0 };
  const none = { compute: zero, provider: zero, retry: zero, queue: zero, orchestration: zero };
  expect(summaryLines({ since: at, jobs: 0, total_ms: zero, split_ms: none, stages: [] })).toEqual([
    `No task has ended since ${at}.`,
  ]);
});
