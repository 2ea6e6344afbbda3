import type { JobResult, StoredObject } from './job.ts';

/** The tier of what is kept by what it was made of. */
export const CACHE_PREFIX = 'cache/';
export type CacheKind = 'detection' | 'cutout' | 'video';

/** To the job whose video others wait for: the id of a workflow that is to hear of its end. */
export const SAME_JOB_SIGNAL = 'sameJob';
/** To those that wait: look again. */
export const SAME_JOB_ENDED_SIGNAL = 'sameJobEnded';

/** What the cache says to a job that asks for its whole video. */
export type VideoAnswer =
  | { kind: 'off' }
  /** The files lie under the job's keys. */
  | { kind: 'hit'; metadata: JobResult['metadata']; stored: StoredObject[]; entry: string }
  /** Nobody else makes it; `claim` is to be deleted at the end. */
  | { kind: 'claimed'; claim: string }
  /** Another job makes the same. */
  | { kind: 'taken'; owner: string; claim: string };
