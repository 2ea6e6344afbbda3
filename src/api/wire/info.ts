import { z } from '@hono/zod-openapi';
import { PROVIDERS } from '../../contracts/job.ts';

/** What a client may want to know before it submits. */
export const Info = z
  .object({
    providers: z.array(z.enum(PROVIDERS)).describe('Who can make videos here; `auto` is the first.'),
    defaults: z.object({ conf_threshold: z.number(), background: z.string() }),
    limits: z.object({
      image_bytes: z.number(),
      audio_bytes: z.number(),
      background_image_bytes: z.number(),
    }),
    web_ui: z
      .object({ url: z.url(), namespace: z.string() })
      .optional()
      .describe("Temporal's Web UI, where each job can be looked at; absent where its address is not known."),
  })
  .openapi('Info');
