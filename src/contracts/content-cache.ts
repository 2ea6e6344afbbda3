/** Results, kept under a hash of everything that went into them. */
export const CACHE_PREFIX = 'cache/';
export type CacheKind = 'detection' | 'cutout' | 'video';

/** Sent to jobs that wait for an identical one, when it has ended. They look in the cache again. */
export const SAME_JOB_ENDED_SIGNAL = 'sameJobEnded';
