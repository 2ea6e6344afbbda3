import { activityInfo } from '@temporalio/activity';
import { CACHE_PREFIX, SAME_JOB_ENDED_SIGNAL } from '../contracts/content-cache.ts';
import { taskIdOf, toWorkflowId } from '../contracts/messages.ts';
import type { JobInput, StoredObject } from '../contracts/schemas/job.ts';
import { MadeVideo, type VideoAnswer } from '../contracts/schemas/messages.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { videoFormatOf } from '../contracts/video-format.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { ContentCache } from '../ports/content-cache.ts';
import type { DetectPersonsResult } from '../ports/models.ts';
import type { ListedObject, ObjectStore } from '../ports/object-store.ts';
import type { WorkflowSignals } from '../ports/workflow-signals.ts';
import type { RemoveBackgroundRequest, RemovedBackground } from './background.ts';
import type { Detected } from './detection.ts';
import { forEach } from './for-each.ts';
import { keepAlive } from './keep-alive.ts';
import { cutoutFacts, detectionFacts, type ProducerVersions, videoFacts } from './producer-versions.ts';

export interface CacheDeps {
  store: ObjectStore;
  cache: ContentCache;
  producerVersions: ProducerVersions;
  signals: WorkflowSignals;
}

/** A cached result, with the folder of its entry. */
export type Found<T> = { result: T; entry: string };

export function createCacheActivities({ store, cache, producerVersions, signals }: CacheDeps) {
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
     * The video of a whole job. If it is not cached, the first job that asks claims it, and the others join the line of those
     * that wait for it. If the owner of the claim has ended without releasing it, the next job gets the next claim.
     */
    findVideo: ({ job }: { job: JobInput }): Promise<VideoAnswer> =>
      keepAlive(async () => {
        const facts = videoFacts(producerVersions, job);
        if (!facts) {
          return { kind: 'off' };
        }
        const found = await findJob(job, facts);
        if (found) {
          return found;
        }
        const answer = await claimNext(claimsOf(facts));
        // The earlier owner may have stored the video between the two lookups.
        const late = answer.kind === 'claimed' && (await findJob(job, facts));
        if (late) {
          await release(job, facts, answer.claim);
          return late;
        }
        return answer;
      }),

    /**
     * Gives up the claim, and tells the jobs in line: all of them if there is a video, and otherwise the one that has waited
     * longest. Without a claim, only does the second: a job was told, and ends without having looked.
     */
    releaseVideo: ({ job, claim }: { job: JobInput; claim?: string }): Promise<void> =>
      keepAlive(async () => {
        const facts = videoFacts(producerVersions, job);
        if (facts) {
          await release(job, facts, claim);
        }
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

  /** Folder of the claims of identical jobs. */
  function claimsOf(facts: object): string {
    return `${CACHE_PREFIX}claims/${cache.entryOf('video', facts).split('/').at(-2)}/`;
  }

  /** Claims are numbered, so that only one of several jobs can create the next one. */
  async function claimNext(claims: string): Promise<VideoAnswer> {
    const me = activityInfo().workflowExecution?.workflowId ?? '';
    const place = `${lineOf(claims)}${taskIdOf(me)}`;
    for (let isInLine = false; ; ) {
      const keys = await Array.fromAsync(store.list(claims), ({ key }) => key);
      const latest = keys.at(-1);
      const owner = latest && (await readOwner(latest));
      if (latest && owner === me) {
        return { kind: 'claimed', claim: latest };
      }
      if (owner && (await mayRun(owner))) {
        if (isInLine) {
          return { kind: 'taken' };
        }
        await store.put(place, Buffer.from(''));
        isInLine = true;
        // The owner may have released the claim before this job was in line.
        continue;
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

  /** A server that does not answer is no reason to make a video twice. */
  async function mayRun(workflowId: string): Promise<boolean> {
    return signals.isRunning(workflowId).catch(() => true);
  }

  async function release({ taskId }: JobInput, facts: object, claim: string | undefined): Promise<void> {
    // First, because jobs join the line before they look whether the claim is still there.
    if (claim !== undefined) {
      await store.delete(claim);
    }
    const tell = async ({ key }: ListedObject) => {
      const waiting = key.slice(key.lastIndexOf('/') + 1);
      const outcome =
        waiting !== taskId && (await signals.send(toWorkflowId(waiting), SAME_JOB_ENDED_SIGNAL));
      await store.delete(key);
      return outcome;
    };
    const line = await Array.fromAsync(store.list(lineOf(claimsOf(facts))));
    line.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime());
    if (line.length > 0 && (await cache.usedAt(cache.entryOf('video', facts)))) {
      await forEach(line, async (place) => void (await tell(place)));
      return;
    }
    for (const place of line) {
      if ((await tell(place)) === 'sent') {
        return;
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

/**
 * Folder of the jobs that wait for the owner of one of these claims: an empty object each, named by its task. No signals to
 * the owner: thousands would exceed what its history may hold.
 */
function lineOf(claims: string): string {
  return `${claims.slice(0, -1)}.line/`;
}

/** The files of a video entry, by name. */
function videoFiles({ taskId, options }: JobInput) {
  const { video, thumbnail, mask, cutout } = taskKeys(taskId, videoFormatOf(options));
  return { video, thumbnail, mask, cutout };
}

export type CacheActivities = ReturnType<typeof createCacheActivities>;
