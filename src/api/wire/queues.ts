import { z } from '@hono/zod-openapi';

export const QueueStatus = z
  .object({
    waiting: z.int().openapi({ description: 'Steps that no worker has taken yet.' }),
    oldest_ms: z.int().openapi({ description: 'How long the oldest of them has waited.' }),
    workers: z.int().openapi({ description: 'Processes that asked for work in the last minutes.' }),
  })
  .openapi('QueueStatus');
