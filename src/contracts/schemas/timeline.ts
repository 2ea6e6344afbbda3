import { z } from 'zod';
import { ErrorCodeName, extensible, Instant, TaskId } from './primitives.ts';
import { StageName } from './stage-event.ts';

const splitOf = <T extends z.ZodType>(value: T) =>
  z.object({ compute: value, provider: value, retry: value, queue: value, orchestration: value });

/**
 * What a job spends its time on. At every moment it is one of these: a slot or worker of ours computes, the provider works,
 * an attempt that failed is repeated, work waits (for a slot, for disk space or for an identical job), or none of these.
 */
export const TimeSplit = splitOf(z.number().meta({ example: 1_240 })).meta({
  id: 'TimeSplit',
  description:
    'Milliseconds by what they were spent on: computing, the provider, failed attempts, waiting for a free slot, everything else. Together they are the total.',
});
export type TimeSplit = z.infer<typeof TimeSplit>;

/** One call of an activity. */
export const TimelineStep = extensible({
  name: z.string().meta({ example: 'detectPersons' }),
  queue: z.string().meta({ description: 'The task queue it waited in.', example: 'yolo' }),
  scheduled_at: Instant,
  started_at: Instant.optional().describe(
    'Start of the last attempt. Temporal keeps no times of earlier attempts.',
  ),
  ended_at: Instant.optional().describe('Absent while the step runs.'),
  attempts: z.int().min(0).describe('Attempts so far.'),
  retry_ms: z
    .number()
    .describe('From scheduling to the start of the last attempt, if there was more than one attempt.'),
  queue_ms: z.number().describe('From scheduling to start, if there was one attempt.'),
  run_ms: z.number().describe('Duration of the last attempt.'),
  outcome: z
    .enum(['running', 'completed', 'failed', 'timed_out', 'cancelled', 'handed_back'])
    .describe('`handed_back`: its worker was restarted, and the step was run again.'),
  error: extensible({ code: ErrorCodeName.optional(), message: z.string() })
    .optional()
    .describe('The last failure, even if a later attempt succeeded.'),
}).meta({ id: 'TimelineStep' });
export type TimelineStep = z.infer<typeof TimelineStep>;

export const TimelineStage = extensible({
  stage: StageName,
  started_at: Instant,
  ended_at: Instant.optional(),
  ms: z.number().describe('So far, if it has not ended.'),
  split_ms: TimeSplit,
  steps: z.array(TimelineStep),
});
export type TimelineStage = z.infer<typeof TimelineStage>;

/** Where the time of a job went. */
export const Timeline = extensible({
  task_id: TaskId,
  source: z
    .enum(['history', 'record', 'events'])
    .describe(
      "Temporal's history, or the record that was kept when Temporal deleted that. With `events` only the stages are known.",
    ),
  submitted_at: Instant,
  ended_at: Instant.optional(),
  total_ms: z.number().meta({ example: 52_000 }),
  split_ms: TimeSplit.optional().describe('Absent if only the stages are known.'),
  stages: z.array(TimelineStage),
}).meta({ id: 'Timeline' });
export type Timeline = z.infer<typeof Timeline>;

export const Percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).meta({
  id: 'Percentiles',
  description: 'Milliseconds that half, 90 % and 99 % of the tasks did not exceed.',
});
export type Percentiles = z.infer<typeof Percentiles>;

/** The same over many jobs. */
export const TimelineSummary = z
  .object({
    since: Instant.describe('Only tasks that ended after this.'),
    jobs: z.int(),
    total_ms: Percentiles,
    split_ms: splitOf(Percentiles).describe('Over the tasks whose timeline is known.'),
    stages: z.array(
      z.object({ stage: StageName, jobs: z.int(), ms: Percentiles, split_ms: splitOf(Percentiles) }),
    ),
  })
  .meta({ id: 'TimelineSummary' });
export type TimelineSummary = z.infer<typeof TimelineSummary>;
