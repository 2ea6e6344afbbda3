import { z } from '@hono/zod-openapi';
import { Instant } from './task.ts';

export const Alive = z.object({ status: z.literal('ok') }).openapi('Alive');

export const Ready = z
  .object({ status: z.literal('ok'), temporal: z.literal('ok'), storage: z.literal('ok') })
  .openapi('Ready');

export const ModelHealth = z
  .looseObject({ status: z.enum(['ok', 'failing']), checked_at: Instant })
  .openapi('ModelHealth', { description: 'With the facts of the self-test, or its error.' });

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
  .openapi('ProviderHealth');
