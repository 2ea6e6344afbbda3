import { z } from '@hono/zod-openapi';
import { JOB_FIELDS } from '../submit/job-form.ts';

const file = (description: string) => z.string().openapi({ format: 'binary', description });

/** A submission in the OpenAPI document. `parseJobForm` checks the real ones. */
export const createSubmission = (providers: readonly string[]) =>
  JOB_FIELDS.extend({
    provider: JOB_FIELDS.shape.provider.openapi({ enum: ['auto', ...providers] }),
    image: file('JPEG, PNG, WebP or AVIF, at most 25 MB and 50 megapixels; or an `image_url`.').optional(),
    audio: file(
      'WAV, MP3, M4A/AAC, FLAC, OGG, WebM or the sound of an MP4, at most 50 MB and 10 minutes; or an `audio_url`.',
    ).optional(),
    background_image: file('A picture as `image`; needs `background=image`.').optional(),
  });

/** By reference: a schema to check by would have the whole body read into memory, and it is streamed to files. */
export const SUBMIT_CONTENT = {
  'multipart/form-data': {
    schema: { $ref: '#/components/schemas/Submission' },
    encoding: {
      image: { contentType: 'image/jpeg, image/png, image/webp, image/avif' },
      audio: {
        contentType: 'audio/wav, audio/mpeg, audio/mp4, audio/flac, audio/ogg, audio/webm, video/mp4',
      },
      background_image: { contentType: 'image/jpeg, image/png, image/webp, image/avif' },
    },
  },
};
