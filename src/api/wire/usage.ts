import { z } from '@hono/zod-openapi';
import { Instant, TASK_ID } from './task.ts';

export const Usage = z
  .object({
    totals: z.object({ talks: z.int(), seconds: z.number(), credits: z.number() }),
    talks: z.array(
      z.object({
        task_id: z.string().openapi({ example: TASK_ID }),
        submitted_at: Instant,
        provider: z.string().openapi({ example: 'd-id' }),
        talk_id: z.string().openapi({ example: 'tlk_Xh2mV0' }),
        seconds: z.number().openapi({ example: 11 }),
        credits: z.number().openapi({ example: 1 }),
      }),
    ),
  })
  .openapi('Usage', { description: 'Every talk that was paid, newest first, and their sums.' });
