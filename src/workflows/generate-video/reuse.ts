import { isCancellation, log } from '@temporalio/workflow';
import type { Lookup } from '../../activities/content-cache.ts';
import type { Fallback } from '../../contracts/schemas/job-outcome.ts';
import type { MadeVideo, VideoAnswer } from '../../contracts/schemas/messages.ts';
import { cache, undo } from '../activities.ts';
import { waitForStorage } from '../storage-wait.ts';
import type { Job } from './job.ts';

/** Where the result of a stage comes from. */
export interface Origin {
  isFromCache: boolean;
  /** Absent if the best way to compute succeeded. */
  fallbacks?: Fallback[];
}

/** With `cache=no-store` a job takes nothing from the content cache and leaves nothing there. */
function usesCache({ input }: Job): boolean {
  return input.options.cache === 'use';
}

/**
 * The video of an identical job, whose files are then copied to the keys of this one. Waits if another job is making it.
 * Returns `undefined` if this job has to make the video, or has a talk that may be paid, which it takes up.
 */
export async function reuseVideo(job: Job): Promise<MadeVideo | undefined> {
  const { completed, progress, record, remoteTalk } = job;
  if (remoteTalk?.mayExist) {
    return undefined;
  }
  // A retry continues at a later stage, unless there is a video by now.
  if (!completed.has('upload')) {
    progress.enter('INITIALIZED', 'Accepted: photo and voice are being checked');
  }
  const answer = usesCache(job) ? await findVideo(job) : undefined;
  if (answer?.kind !== 'hit') {
    return undefined;
  }
  record.addObjects(...answer.stored);
  record.addCacheEntry(answer.entry);
  progress.enter('DID_COMPLETE', 'An identical task has made this video: it is taken from the cache', {
    from_cache: true,
  });
  return { ...answer.video, cached: ['DETECTION_RUNNING', 'BACKGROUND_REMOVAL_RUNNING', 'DID_PROCESSING'] };
}

/**
 * Stores the video for identical jobs, unless it is from another renderer than they ask for. Its entry is on record before,
 * so that it is erased with the task even if the answer is lost. Waits for the storage: an identical job would pay again.
 */
export async function keepVideo(job: Job, video: MadeVideo): Promise<void> {
  if (!usesCache(job) || video.provider.degraded) {
    return;
  }
  // Delays double, so the last one ends before the deadline, which would discard the finished video.
  const options = { onWait: job.onStorageWait, patienceMs: job.scope.leftMs / 3 };
  const entry = await askCache(() => waitForStorage(() => cache.videoEntry({ job: job.input }), options));
  if (entry) {
    undoEntry(job, entry);
    await askCache(() => waitForStorage(() => cache.keepVideo({ job: job.input, video }), options));
  }
}

/**
 * The result of a stage, from the content cache if it is there. The undo of its entry is registered before it is made: an
 * attempt that stored it may be lost.
 * @param make gets whether the result may be stored in the cache
 */
export async function findOrMake<T extends object>(
  job: Job,
  find: () => Promise<Lookup<T> | null>,
  make: (mayStore: boolean) => Promise<T>,
): Promise<T & { isFromCache: boolean }> {
  const { record, onStorageWait } = job;
  const looked = usesCache(job)
    ? await askCache(() => waitForStorage(find, { onWait: onStorageWait }))
    : undefined;
  if (looked?.result) {
    record.addCacheEntry(looked.entry);
    return { ...looked.result, isFromCache: true };
  }
  if (looked) {
    undoEntry(job, looked.entry);
  }
  return { ...(await make(Boolean(looked))), isFromCache: false };
}

/** End of the message of a stage. */
export function describeOrigin({ isFromCache, fallbacks }: Origin): string {
  const [first, last] = [fallbacks?.at(0), fallbacks?.at(-1)];
  const fallback = first && last ? `; computed by ${last.to}, as ${first.from} failed: ${first.reason}` : '';
  return `${isFromCache ? ' (from cache)' : ''}${fallback}`;
}

/** Details of the event of a stage. */
export function originDetails({ isFromCache, fallbacks }: Origin): {
  from_cache?: true;
  fallbacks?: Fallback[];
} {
  return { ...(isFromCache && { from_cache: true }), ...(fallbacks && { fallbacks }) };
}

async function findVideo({
  keys,
  compensations,
  progress,
  claim,
  onStorageWait,
}: Job): Promise<VideoAnswer | undefined> {
  let answer: VideoAnswer | undefined;
  try {
    answer = await askCache(() =>
      waitForStorage(
        () => claim.findVideo(() => progress.note('An identical task is under way: waiting for its video')),
        { onWait: onStorageWait },
      ),
    );
    return answer;
  } finally {
    // Without an answer, as with a hit, files may have been copied to the keys of the job.
    if (answer === undefined || answer.kind === 'hit') {
      compensations.add('video', () => undo.discard({ keys: [keys.video, keys.thumbnail] }, onStorageWait));
    }
  }
}

/** The cache entries of a failed job are deleted with the rest of it. */
function undoEntry({ record, compensations, onStorageWait }: Job, entry: string): void {
  record.addCacheEntry(entry);
  compensations.add('cached files', () => undo.discard({ prefixes: [entry] }, onStorageWait));
}

/** A cache that fails counts as empty. */
async function askCache<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('The content cache failed', { error });
    return undefined;
  }
}
