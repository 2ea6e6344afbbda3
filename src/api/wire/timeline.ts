import { z } from '@hono/zod-openapi';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import type * as contract from '../../contracts/timeline.ts';
import { StageName } from './outcome.ts';
import { Instant, TASK_ID } from './task.ts';

const splitOf = <T extends z.ZodType>(value: T) =>
  z.object({ compute: value, provider: value, retry: value, queue: value, orchestration: value });

const TimeSplit = splitOf(z.number().openapi({ example: 1_240 })).openapi('TimeSplit', {
  description:
    'Milliseconds by what they were spent on: computing, the provider, attempts that came to nothing, waiting for a free slot, everything else. Their sum is the whole.',
});

const TimelineStep = z
  .object({
    name: z.string().openapi({ example: 'detectPersons' }),
    queue: z.string().openapi({ example: 'yolo' }),
    scheduled_at: Instant,
    started_at: Instant.optional().openapi({ description: 'Of the last attempt.' }),
    ended_at: Instant.optional(),
    attempts: z.int().min(1),
    retry_ms: z.number().openapi({ description: 'Until the last attempt began, where there were several.' }),
    queue_ms: z.number(),
    run_ms: z.number().openapi({ description: 'Of the last attempt.' }),
    outcome: z.enum(['running', 'completed', 'failed', 'timed_out', 'cancelled']),
    error: z
      .object({
        code: z
          .string()
          .transform((code) => code as ErrorCode)
          .optional(),
        message: z.string(),
      })
      .optional(),
  })
  .openapi('TimelineStep');

export const Timeline = z
  .object({
    task_id: z.string().openapi({ example: TASK_ID }),
    source: z.enum(['history', 'record', 'events']).openapi({
      description:
        "Where it is from: Temporal's history, or the record that was kept when that was forgotten; `events` knows the stages only.",
    }),
    submitted_at: Instant,
    ended_at: Instant.optional(),
    total_ms: z.number().openapi({ example: 52_000 }),
    split_ms: TimeSplit.optional(),
    stages: z.array(
      z.object({
        stage: StageName,
        started_at: Instant,
        ended_at: Instant.optional(),
        ms: z.number(),
        split_ms: TimeSplit,
        steps: z.array(TimelineStep),
      }),
    ),
  })
  .openapi('Timeline') satisfies z.ZodType<contract.Timeline>;

const Percentiles = z
  .object({ p50: z.number(), p90: z.number(), p99: z.number() })
  .openapi('Percentiles', { description: 'Milliseconds that half, 9 of 10 and 99 of 100 did not exceed.' });

export const TimelineSummary = z
  .object({
    since: Instant,
    jobs: z.int(),
    total_ms: Percentiles,
    split_ms: splitOf(Percentiles),
    stages: z.array(
      z.object({ stage: StageName, jobs: z.int(), ms: Percentiles, split_ms: splitOf(Percentiles) }),
    ),
  })
  .openapi('TimelineSummary') satisfies z.ZodType<contract.TimelineSummary>;
