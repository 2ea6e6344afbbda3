/** Results, kept under a hash of everything that went into them. */
export const CACHE_PREFIX = 'cache/';
export type CacheKind = 'detection' | 'cutout' | 'video';

/** Sent to the owner of a claim, with the id of a workflow to notify when the owner ends. */
export const SAME_JOB_SIGNAL = 'sameJob';
/** Sent to the waiting workflows when the owner has ended. They look in the cache again. */
export const SAME_JOB_ENDED_SIGNAL = 'sameJobEnded';
