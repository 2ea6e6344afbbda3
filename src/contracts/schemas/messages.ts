import { z } from 'zod';
import { Consent, StoredObject } from './job.ts';
import { JobOutcome, JobResult } from './job-outcome.ts';
import { Instant, ProviderName } from './primitives.ts';
import { StageEvent } from './stage-event.ts';

/** Answer of the query `progress(since)`. */
export const Progress = z.object({
  /** Events with a `seq` greater than `since`. */
  events: z.array(StageEvent),
  /** Set once the last event is terminal. */
  outcome: JobOutcome.optional(),
  /** Set if the job ended without its last record, because that could not be written for a day. */
  isUnrecorded: z.literal(true).optional(),
});
export type Progress = z.infer<typeof Progress>;

/** The memo of a `generateVideo` execution: what an API process needs without asking a worker. */
export const JobMemo = z.object({
  fingerprint: z.string(),
  /** The same as in the input of the job. */
  submittedAt: Instant,
  /** Keys of the uploads that the job reads. Other uploads under its id belong to no job. */
  uploads: z.array(z.string()),
  uploadBytes: z.number().optional(),
  /** What the task was called when it was submitted. */
  name: z.string().optional(),
  /** The provider that makes the video, and the chosen size. */
  provider: ProviderName,
  longSidePx: z.number().optional(),
  /** The API key that submitted it. */
  owner: z.string().optional(),
  consent: Consent.optional(),
});
export type JobMemo = z.infer<typeof JobMemo>;

/** The memo of an `eraseTask` execution. */
export const EraseMemo = z.object({
  /** The API key whose task it was. Only that key may read the receipt. */
  owner: z.string().optional(),
});
export type EraseMemo = z.infer<typeof EraseMemo>;

/** Facts about a video that are the same for every job that gets it. */
export const MadeVideo = JobResult.shape.metadata.omit({ timings_ms: true });
export type MadeVideo = z.infer<typeof MadeVideo>;

/** Answer of the content cache to a job that asks for its whole video. */
export const VideoAnswer = z.discriminatedUnion('kind', [
  /** Videos with these options are not cached. */
  z.object({ kind: z.literal('off') }),
  /** The files are under the keys of the job. */
  z.object({
    kind: z.literal('hit'),
    video: MadeVideo,
    stored: z.array(StoredObject),
    entry: z.string(),
  }),
  /** No other job is making it. Release `claim` at the end. */
  z.object({ kind: z.literal('claimed'), claim: z.string() }),
  /** Another job is making the same video. This one is told when it has ended. */
  z.object({ kind: z.literal('taken') }),
]);
export type VideoAnswer = z.infer<typeof VideoAnswer>;
