import { z } from '@hono/zod-openapi';

/** What a client may want to know before it submits. */
export const Info = z
  .object({
    providers: z
      .array(
        z.object({
          name: z.string().openapi({ example: 'local' }),
          label: z.string().openapi({ example: 'the built-in renderer' }),
          kind: z.enum(['local', 'remote']),
          available: z.boolean().openapi({ description: 'Whether it is set up or installed here.' }),
          transparent_background: z.boolean(),
          max_voice_s: z.number().optional(),
        }),
      )
      .describe('All providers. `auto` is the first that is available and can make the video.'),
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
