import { z } from 'zod';
import { CONSENT_TEXTS } from '../consent.ts';
import { ProviderUsage } from './job.ts';
import { Instant, ProviderName, TaskId } from './primitives.ts';

/** What a client may want to know before it submits. */
export const Info = z
  .object({
    providers: z
      .array(
        z.object({
          name: ProviderName,
          label: z.string().meta({ example: 'the built-in renderer' }),
          kind: z.enum(['local', 'remote']),
          available: z.boolean().describe('Whether it is set up or installed here.'),
          transparent_background: z.boolean(),
          max_voice_s: z.number().optional(),
          sizes: z
            .array(
              z.object({
                long_side_px: z.int().meta({ example: 720 }),
                ms_per_voice_s: z
                  .number()
                  .describe('Expected milliseconds for a second of voice.')
                  .meta({ example: 350 }),
              }),
            )
            .optional()
            .describe('Sizes worth offering, smallest first. Only of the built-in renderer.'),
        }),
      )
      .describe('All providers. `auto` is the first that is available and can make the video.'),
    defaults: z.object({ conf_threshold: z.number(), background: z.string(), long_side_px: z.int() }),
    other_steps_ms: z
      .number()
      .describe('Expected milliseconds of all steps of a task but the making of its video.'),
    consent: z
      .object({
        required: z.boolean().describe('Whether a submission without `consent` is refused.'),
        texts: z
          .record(z.string(), z.string())
          .describe('What can be declared, by the value of the field `consent`.'),
      })
      .meta({ example: { required: true, texts: CONSENT_TEXTS } }),
    limits: z.object({
      image_bytes: z.number(),
      audio_bytes: z.number(),
      background_image_bytes: z.number(),
    }),
    web_ui: z
      .object({ url: z.url(), namespace: z.string() })
      .optional()
      .describe("Temporal's Web UI, which shows each task. Absent if its address is not known."),
  })
  .meta({ id: 'Info' });
export type Info = z.infer<typeof Info>;

export const QueueStatus = z
  .object({
    waiting: z.int().describe('Steps that no worker has started yet.'),
    oldest_ms: z.int().describe('How long the oldest of them has waited.'),
    workers: z.int().describe('Processes that asked for work in the last minutes.'),
  })
  .meta({ id: 'QueueStatus' });
export type QueueStatus = z.infer<typeof QueueStatus>;

const Files = z.object({ files: z.int(), size_mb: z.number() });

export const StorageStats = z
  .object({
    total_files: z.int(),
    total_size_mb: z.number(),
    disk: z
      .object({ free_gb: z.number(), percent_used: z.number() })
      .describe('The disk of the machine that answers.'),
    tiers: z
      .record(z.string(), Files)
      .meta({ example: { uploads: { files: 2, size_mb: 1.4 }, videos: { files: 3, size_mb: 2.1 } } }),
    scanned_at: Instant,
    age_s: z.number().describe('Seconds since the scan.'),
  })
  .meta({ id: 'StorageStats', description: 'What is stored in each tier, as of the latest scan.' });
export type StorageStats = z.infer<typeof StorageStats>;

/** A paid talk. */
export const UsageEntry = ProviderUsage.extend({ task_id: TaskId, submitted_at: Instant });
export type UsageEntry = z.infer<typeof UsageEntry>;

export const Usage = z
  .object({
    totals: z.object({
      talks: z.int(),
      seconds: z.number(),
      credits: z.number(),
      credits_to_return: z
        .number()
        .describe(
          'Those of failed talks, which are part of `credits`: the provider promises to return them.',
        ),
    }),
    talks: z.array(UsageEntry),
    unreadable: z
      .array(TaskId)
      .describe(
        'Tasks whose record could not be read: their talks are missing here. `npx limelight storage check` lists them.',
      ),
  })
  .meta({ id: 'Usage', description: 'Every paid talk, newest first, and the totals.' });
export type Usage = z.infer<typeof Usage>;
