import { z } from '@hono/zod-openapi';
import { Instant } from './task.ts';

const Files = z.object({ files: z.int(), size_mb: z.number() });

export const StorageStats = z
  .object({
    total_files: z.int(),
    total_size_mb: z.number(),
    disk: z
      .object({ free_gb: z.number(), percent_used: z.number() })
      .openapi({ description: 'Of the machine that answers.' }),
    tiers: z
      .record(z.string(), Files)
      .openapi({ example: { uploads: { files: 2, size_mb: 1.4 }, videos: { files: 3, size_mb: 2.1 } } }),
    scanned_at: Instant,
    age_s: z.number().openapi({ description: 'Seconds since then.' }),
  })
  .openapi('StorageStats', { description: 'What is stored, by tier, as of the latest scan.' });
