import { z } from '@hono/zod-openapi';
import type { EraseReceipt as Receipt } from '../../contracts/erase-receipt.ts';
import { Instant, TASK_ID } from './task.ts';

export const EraseReceipt = z
  .object({
    task_id: z.string().openapi({ example: TASK_ID }),
    erased_at: Instant,
    erased: z.array(
      z.object({
        kind: z.enum(['file', 'cache', 'provider', 'execution']),
        name: z.string().openapi({ example: `videos/${TASK_ID}/video.mp4` }),
        erased_at: Instant,
      }),
    ),
  })
  .openapi('EraseReceipt') satisfies z.ZodType<Receipt>;
