import { z } from 'zod';

/** Answers of D-ID: the fields that Limelight uses. */

const Id = z.string().min(1);
const SourceUrl = z.string().regex(/^(https|s3|http):\/\/\S+$/, 'no https or s3 URL');

export const ImageAnswer = z.looseObject({
  id: Id.optional(),
  url: SourceUrl,
  /** Absent or null unless `detect_faces` was sent. */
  faces: z.array(z.looseObject({ size: z.number() })).nullish(),
});

export const AudioAnswer = z.looseObject({ id: Id.optional(), url: SourceUrl });

export const CreditsAnswer = z.looseObject({ remaining: z.number(), total: z.number() });

export const CreatedAnswer = z.looseObject({ id: Id });

/**
 * An unknown status is an error, never an endless poll. The other fields, such as `user` with the e-mail address of the
 * account, are dropped.
 */
export const TalkAnswer = z.object({
  id: Id,
  status: z.enum(['created', 'started', 'done', 'error', 'rejected']),
  result_url: z.url().optional(),
  /** What D-ID really did, which may be less than was ordered. */
  config: z
    .object({
      stitch: z.boolean().optional().catch(undefined),
      show_watermark: z.boolean().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  error: z.object({ kind: z.string(), description: z.string().optional() }).nullish(),
});
export type TalkAnswer = z.infer<typeof TalkAnswer>;

/**
 * Identifies the job of a talk. D-ID's documents name `user_data` for orders and webhooks, but not for talks that are read.
 * The URL keeps the file name of the upload.
 */
const TalkOwner = z.object({
  user_data: z.string().nullish(),
  source_url: z.string().nullish().catch(undefined),
});
type TalkOwner = z.infer<typeof TalkOwner>;

/** Requires only what identifies a talk, so that an odd talk of another program does not hide ours. */
export const TalksAnswer = z.object({
  talks: z.array(TalkOwner.extend({ id: Id, created_at: z.string().default('') })),
  token: z.string().nullish(),
});

/** The content of a webhook: a talk. */
export const Webhook = TalkOwner.extend({ status: z.string().optional() });

/** Ids of tasks are the names of the pictures that are uploaded for them. */
const SOURCE_NAME = /\/([^/?#]+)\.(?:jpe?g|png)(?:$|[?#])/i;

/** The id of the job that ordered the talk. */
export function requestIdOf({ user_data, source_url }: TalkOwner): string | undefined {
  return user_data ?? SOURCE_NAME.exec(source_url ?? '')?.[1];
}
