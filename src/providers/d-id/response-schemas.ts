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

/** An unknown status is an error, never an endless poll. */
export const TalkAnswer = z.looseObject({
  id: Id,
  status: z.enum(['created', 'started', 'done', 'error', 'rejected']),
  created_at: z.string(),
  result_url: z.url().optional(),
  user_data: z.string().nullish(),
  error: z.looseObject({ kind: z.string(), description: z.string().optional() }).nullish(),
});
export type TalkAnswer = z.infer<typeof TalkAnswer>;

/** Requires only what identifies a talk, so that an odd talk of another program does not hide ours. */
export const TalksAnswer = z.looseObject({
  talks: z.array(
    z.looseObject({ id: Id, user_data: z.string().nullish(), created_at: z.string().default('') }),
  ),
  token: z.string().nullish(),
});
