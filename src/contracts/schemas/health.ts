import { z } from 'zod';
import { EXAMPLE_TASK_ID, Instant, TaskId } from './primitives.ts';

export const Alive = z.object({ status: z.literal('ok') }).meta({ id: 'Alive' });
export type Alive = z.infer<typeof Alive>;

export const Ready = z
  .object({ status: z.literal('ok'), temporal: z.literal('ok'), storage: z.literal('ok') })
  .meta({ id: 'Ready' });
export type Ready = z.infer<typeof Ready>;

const StuckWorkflow = z.object({
  workflow_id: z.string().meta({ example: `video/${EXAMPLE_TASK_ID}` }),
  type: z.string().meta({ example: 'generateVideo' }),
  task_id: TaskId.optional().describe('Absent if the workflow belongs to no task.'),
  cause: z
    .string()
    .describe("In Temporal's words.")
    .meta({ example: 'WorkflowTaskFailedCauseNonDeterministicError' }),
  started_at: Instant,
});

export const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    reason: z.string().optional(),
    temporal: z.literal('ok'),
    storage: z.literal('ok'),
    stuck: z
      .array(StuckWorkflow)
      .describe('Workflows that stand still, because their code fails each time it runs. At most 20.'),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;

export const ModelHealth = z
  .looseObject({ status: z.enum(['ok', 'failing']), checked_at: Instant })
  .meta({ id: 'ModelHealth', description: 'With the facts of the self-test, or with its error.' });
export type ModelHealth = z.infer<typeof ModelHealth>;

/** A remote provider: reachable, paid, and how many jobs use or await it. */
export const ProviderHealth = z
  .object({
    status: z.enum(['ok', 'degraded', 'down']),
    reason: z.string().optional(),
    credits: z.object({ remaining: z.number(), total: z.number() }).optional(),
    talks_in_flight: z.int().optional(),
    jobs_waiting: z.int().optional(),
    held_for: z.enum(['outage', 'credits']).optional(),
    next_try_at: z.string().optional(),
  })
  .meta({ id: 'ProviderHealth' });
export type ProviderHealth = z.infer<typeof ProviderHealth>;
