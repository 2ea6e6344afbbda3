import { activityInfo } from '@temporalio/activity';
import { CACHE_PREFIX } from '../contracts/content-cache.ts';
import type { JobInput, StoredObject } from '../contracts/schemas/job.ts';
import { MadeVideo, type VideoAnswer } from '../contracts/schemas/messages.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { videoFormatOf } from '../contracts/video-format.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { ContentCache } from '../ports/content-cache.ts';
import type { DetectPersonsResult } from '../ports/models.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RemoveBackgroundRequest, RemovedBackground } from './background.ts';
import type { Detected } from './detection.ts';
import { keepAlive } from './keep-alive.ts';
import { cutoutFacts, detectionFacts, type ProducerVersions, videoFacts } from './producer-versions.ts';

export interface CacheDeps {
  store: ObjectStore;
  cache: ContentCache;
  producerVersions: ProducerVersions;
}

/** A cached result, with the folder of its entry. */
export type Found<T> = { result: T; entry: string };

export function createCacheActivities({ store, cache, producerVersions }: CacheDeps) {
  return {
    /** If the photo was turned, it is copied to the key of the request. */
    findDetection: (request: {
      photoSha256: string;
      confThreshold: number;
      turnedKey: string;
    }): Promise<Found<Detected> | null> =>
      keepAlive(async () => {
        const facts = detectionFacts(producerVersions, request);
        const hit = facts && (await cache.find('detection', facts, {}));
        const result = hit?.result as DetectPersonsResult | undefined;
        if (!facts || !result?.turnedDegrees) {
          return hit && result ? { result, entry: hit.entry } : null;
        }
        const turned = await cache.find('detection', facts, { turned: request.turnedKey });
        return turned ? { result: { ...result, ...turned.stored }, entry: turned.entry } : null;
      }),

    /** A detection that was made on a reduced photo, and enlarged. Returns its entry, if detections are cached. */
    keepDetection: ({
      result,
      ...request
    }: {
      photoSha256: string;
      confThreshold: number;
      result: DetectPersonsResult;
    }): Promise<string | null> =>
      keepAlive(async () => {
        const facts = detectionFacts(producerVersions, request);
        return facts ? cache.keep('detection', facts, { result, files: {} }) : null;
      }),

    /** Whether a cut-out is cached. Does not count as a use of it. */
    hasCutout: (request: RemoveBackgroundRequest): Promise<boolean> =>
      keepAlive(async () => {
        const facts = cutoutFacts(producerVersions, { ...request, photoSha256: request.photoSha256 });
        return facts !== undefined && (await cache.usedAt(cache.entryOf('cutout', facts))) !== undefined;
      }),

    /** Deletes the entries that nothing has used since then. @param since ISO 8601 */
    forgetUnused: ({ entries, since }: { entries: string[]; since: string }): Promise<void> =>
      keepAlive(async () => {
        for (const entry of entries) {
          const usedAt = await cache.usedAt(entry);
          if (usedAt && usedAt <= new Date(since)) {
            await store.deleteAll(entry);
          }
        }
      }),

    /** If found, the mask and the cut-out are copied to the keys of the request. */
    findCutout: (request: RemoveBackgroundRequest): Promise<Found<RemovedBackground> | null> =>
      keepAlive(async () => {
        const facts = cutoutFacts(producerVersions, { ...request, photoSha256: request.photoSha256 });
        const { maskKey: mask, cutoutKey: cutout } = request;
        const hit = facts && (await cache.find('cutout', facts, { mask, cutout }));
        return hit
          ? { result: { ...(hit.result as RemovedBackground), ...hit.stored }, entry: hit.entry }
          : null;
      }),

    /**
     * The video of a whole job. If it is not cached, the first job that asks claims it, and the others get the claim's owner.
     * Jobs that find the owner gone pass its claim as `stale`, and one of them gets the next claim.
     */
    findVideo: ({ job, stale }: { job: JobInput; stale?: string }): Promise<VideoAnswer> =>
      keepAlive(async () => {
        const facts = videoFacts(producerVersions, job);
        if (!facts) {
          return { kind: 'off' };
        }
        const found = await findJob(job, facts);
        if (found) {
          return found;
        }
        const claims = `${CACHE_PREFIX}claims/${cache.entryOf('video', facts).split('/').at(-2)}/`;
        const answer = await claimNext(claims, stale);
        // The earlier owner may have stored the video between the two lookups.
        const late = answer.kind === 'claimed' && (await findJob(job, facts));
        if (late) {
          await store.delete(answer.claim);
          return late;
        }
        return answer;
      }),

    keepVideo: (request: { job: JobInput; video: MadeVideo }): Promise<string | null> =>
      keepAlive(async () => {
        const { job, video } = request;
        const facts = videoFacts(producerVersions, job);
        return facts ? cache.keep('video', facts, { result: video, files: videoFiles(job) }) : null;
      }),
  };

  async function findJob(job: JobInput, facts: object): Promise<VideoAnswer | undefined> {
    const hit = await cache.find('video', facts, videoFiles(job));
    // An entry that cannot be read counts as missing.
    const video = MadeVideo.safeParse(hit?.result);
    return hit && video.success
      ? {
          kind: 'hit',
          video: video.data,
          stored: Object.values<StoredObject>(hit.stored),
          entry: hit.entry,
        }
      : undefined;
  }

  /** Claims are numbered, so that only one of several jobs can create the next one. */
  async function claimNext(claims: string, stale: string | undefined): Promise<VideoAnswer> {
    const me = activityInfo().workflowExecution?.workflowId ?? '';
    for (;;) {
      const keys = await Array.fromAsync(store.list(claims), ({ key }) => key);
      const latest = keys.at(-1);
      const owner = latest && (await readOwner(latest));
      if (latest && owner === me) {
        return { kind: 'claimed', claim: latest };
      }
      if (latest && owner && latest !== stale) {
        return { kind: 'taken', owner, claim: latest };
      }
      const next = Number(latest?.slice(claims.length) ?? 0) + 1;
      const claim = `${claims}${String(next).padStart(6, '0')}`;
      try {
        await store.put(claim, Buffer.from(me), { ifAbsent: true });
        return { kind: 'claimed', claim };
      } catch (error) {
        if (!isFailure(error, 'OBJECT_EXISTS')) {
          throw error;
        }
      }
    }
  }

  /** `undefined` if the claim was deleted meanwhile, or is damaged. */
  async function readOwner(claim: string): Promise<string | undefined> {
    return store.read(claim).then(String, (error) => {
      if (!(error instanceof PipelineError)) {
        throw error;
      }
      return undefined;
    });
  }
}

/** The files of a video entry, by name. */
function videoFiles({ taskId, options }: JobInput) {
  const { video, thumbnail, mask, cutout } = taskKeys(taskId, videoFormatOf(options));
  return { video, thumbnail, mask, cutout };
}

export type CacheActivities = ReturnType<typeof createCacheActivities>;
