import { z } from '@hono/zod-openapi';
import { Instant } from './task.ts';

const Amount = z.object({ files: z.int(), bytes: z.int() });

export const RetentionRunList = z
  .object({
    runs: z.array(
      z.object({
        started_at: Instant,
        duration_ms: z.number(),
        dry_run: z.boolean().describe('Whether it only said what would be deleted.'),
        scanned: Amount,
        deleted: Amount.describe('All of it; Temporal has it by tier.'),
        errors: z.int(),
      }),
    ),
  })
  .openapi('RetentionRunList');
