import { z } from 'zod';
import { extensible, Instant } from './primitives.ts';

/** Retention settings of one task: `retention-overrides/<task>.json`. */
export const RetentionOverride = extensible({
  hold: extensible({ reason: z.string(), since: z.string() })
    .optional()
    .describe('While this is set, nothing of the task is deleted.'),
  days: z.number().positive().optional().describe('Replaces the retention times of the tiers.'),
});
export type RetentionOverride = z.infer<typeof RetentionOverride>;

export const FilesAndBytes = z.object({ files: z.int(), bytes: z.int() });
export type FilesAndBytes = z.infer<typeof FilesAndBytes>;

/** Groups of deleted files: by tier, records of tasks, files of unknown tasks, and cached files. */
export const RetentionGroup = z.enum([
  'uploads',
  'processed',
  'videos',
  'temp',
  'records',
  'unknown',
  'cache',
]);
export type RetentionGroup = z.infer<typeof RetentionGroup>;

const common = {
  started_at: Instant,
  duration_ms: z.number(),
  dry_run: z.boolean().describe('Whether it only reported what would be deleted.'),
  scanned: FilesAndBytes,
};

/** The result of a run, as Temporal's Web UI shows it. */
export const RetentionReport = z.object({
  ...common,
  deleted: z.record(RetentionGroup, FilesAndBytes).describe('With `dry_run`: what would be deleted.'),
  kept: z
    .object({ running: z.int(), held: z.int() })
    .describe('Tasks whose files have expired but are kept.'),
  swept: z.int().describe('Leftovers of writers that died.'),
  errors: z.object({ count: z.int(), examples: z.array(z.string()) }),
});
export type RetentionReport = z.infer<typeof RetentionReport>;

export const RetentionRunList = z
  .object({
    runs: z.array(
      z.object({
        ...common,
        deleted: FilesAndBytes.describe('The total. Temporal has it by tier.'),
        errors: z.int(),
      }),
    ),
  })
  .meta({ id: 'RetentionRunList' });
export type RetentionRunList = z.infer<typeof RetentionRunList>;
