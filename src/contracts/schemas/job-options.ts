import { z } from 'zod';
import {
  CACHE_CHOICES,
  DEFAULT_BACKGROUND,
  NORMAL_PRIORITY,
  OUTAGE_CHOICES,
  WEBHOOK_EVENTS,
} from '../job.ts';
import { MAX_LONG_SIDE_PX, MIN_LONG_SIDE_PX } from '../video-format.ts';
import { extensible, ProviderName, TaskName } from './primitives.ts';

/** What is behind the person: the photo, the photo blurred, nothing, a picture from the client, or one colour. */
export const Background = z
  .union([
    z.enum(['original', 'blur', 'transparent', 'image']),
    z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/)
      .transform((colour) => colour.toLowerCase() as `#${string}`)
      .meta({ title: 'a colour such as #e8e8ea' }),
  ])
  .meta({ example: '#e8e8ea' });
export type Background = z.infer<typeof Background>;

/**
 * The options of a job, under the names that the form, the record and the workflow use. The form fields, their checks and
 * their documentation are derived from this schema: see `src/api/submit/job-fields.ts`.
 */
export const JobOptions = extensible({
  name: TaskName.optional().describe(
    'What to call the task in lists and downloads. Default: the file name of the photo, without its extension. It can be changed later.',
  ),
  conf_threshold: z
    .number()
    .min(0)
    .max(1)
    .describe('Minimum confidence for a detection to count as a person. Default: a setting of the server.'),
  apply_smoothing: z.boolean().default(true).describe('Soften the edge of the mask.'),
  persons: z
    .union([z.enum(['auto', 'ask']), z.int().min(1).max(1000)])
    .default('auto')
    .meta({
      description:
        '`auto` takes the best person, a number takes the person with that number (from 1, best first), and `ask` waits for a choice once people are detected.',
      example: 'auto',
    }),
  background: Background.default(DEFAULT_BACKGROUND).meta({
    description:
      'What is behind the person. `image` needs a `background_image`. `transparent` makes a WebM with alpha, and only the built-in renderer can do that.',
    example: DEFAULT_BACKGROUND,
  }),
  long_side_px: z
    .int()
    .min(MIN_LONG_SIDE_PX)
    .max(MAX_LONG_SIDE_PX)
    .optional()
    .describe(
      'Pixels on the long side of a video that is rendered here; small photos get fewer. Default: a setting of the server. Providers elsewhere choose themselves.',
    ),
  provider: ProviderName.describe('What makes the video.'),
  on_outage: z
    .enum(OUTAGE_CHOICES)
    .default('wait')
    .describe(
      'What to do while the provider is down or out of credits: wait until the deadline, use the built-in renderer, or fail.',
    ),
  deadline_s: z
    .int()
    .min(1)
    .max(86_400)
    .default(3600)
    .describe('Seconds from submission until the task fails with DEADLINE_EXCEEDED and is undone.'),
  priority: z
    .int()
    .min(1)
    .max(5)
    .default(NORMAL_PRIORITY)
    .describe('From 1 (first) to 5 (last). 1 and 2 need an API key with the scope `priority`.'),
  cache: z
    .enum(CACHE_CHOICES)
    .default('use')
    .describe('`no-store` computes everything again and keeps nothing for other tasks.'),
  retry_window_s: z
    .int()
    .min(0)
    .max(604_800)
    .optional()
    .describe(
      'Seconds to keep photo, voice and intermediate results after a temporary failure, so that the task can be retried. At most what the server allows, which is the default; 0 undoes everything at once.',
    ),
  retention_days: z
    .number()
    .min(0.001)
    .max(3650)
    .optional()
    .describe('Days to keep the files of this task, in place of the settings of the server.'),
});
export type JobOptions = z.infer<typeof JobOptions>;

/** Where and when a job sends webhooks: only at its end, or at each stage. */
export const WebhookOrder = z.object({ url: z.string().min(1), events: z.enum(WEBHOOK_EVENTS) });
export type WebhookOrder = z.infer<typeof WebhookOrder>;
