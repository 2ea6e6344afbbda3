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

/** The folder of an entry, with its result if there is one. The job that makes the result undoes and erases that folder. */
export type Lookup<T> = { entry: string; result?: T };

export function createCacheActivities({ store, cache, producerVersions, signals }: CacheDeps) {
  return {
    /** If the photo was turned, it is copied to the key of the request. Returns `null` if detections are not cached. */
    findDetection: (request: {
      photoSha256: string;
      confThreshold: number;
      turnedKey: string;
    }): Promise<Lookup<Detected> | null> =>
      keepAlive(async () => {
        const facts = detectionFacts(producerVersions, request);
        if (!facts) {
          return null;
        }
        const entry = cache.entryOf('detection', facts);
        const hit = await cache.find('detection', facts, {});
        const result = hit?.result as DetectPersonsResult | undefined;
        if (!result?.turnedDegrees) {
          return { entry, ...(result && { result }) };
        }
        const turned = await cache.find('detection', facts, { turned: request.turnedKey });
        return { entry, ...(turned && { result: { ...result, ...turned.stored } }) };
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

    /**
     * If found, the mask and the cut-out are copied to the keys of the request. Returns `null` if cut-outs are not cached.
     */
    findCutout: (request: RemoveBackgroundRequest): Promise<Lookup<RemovedBackground> | null> =>
      keepAlive(async () => {
        const facts = cutoutFacts(producerVersions, { ...request, photoSha256: request.photoSha256 });
        if (!facts) {
          return null;
        }
        const { maskKey: mask, cutoutKey: cutout } = request;
        const hit = await cache.find('cutout', facts, { mask, cutout });
        return {
          entry: cache.entryOf('cutout', facts),
          ...(hit && { result: { ...(hit.result as RemovedBackground), ...hit.stored } }),
        };
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
     * longest. Without a claim, gives up one that the job may have without having been told, and tells the jobs in line too.
     */
    releaseVideo: ({ job, claim }: { job: JobInput; claim?: string }): Promise<void> =>
      keepAlive(async () => {
        const facts = videoFacts(producerVersions, job);
        if (facts) {
          await release(job, facts, claim);
        }
      }),

    /** The entry that `keepVideo` would store. Returns `null` if videos like this are not cached. */
    async videoEntry({ job }: { job: JobInput }): Promise<string | null> {
      const facts = videoFacts(producerVersions, job);
      return facts ? cache.entryOf('video', facts) : null;
    },

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
      const { latest, owner } = await readLatest(claims);
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
    const claims = claimsOf(facts);
    // First, because jobs join the line before they look whether the claim is still there.
    const own = claim ?? (await findOwnClaim(claims));
    if (own !== undefined) {
      await store.delete(own);
    }
    const tell = async ({ key }: ListedObject) => {
      const waiting = key.slice(key.lastIndexOf('/') + 1);
      const outcome =
        waiting !== taskId && (await signals.send(toWorkflowId(waiting), SAME_JOB_ENDED_SIGNAL));
      await store.delete(key);
      return outcome;
    };
    const line = await Array.fromAsync(store.list(lineOf(claims)));
    line.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime());
    if (line.length > 0 && (await cache.usedAt(cache.entryOf('video', facts)))) {
      await forEach(line, tell);
      return;
    }
    for (const place of line) {
      if ((await tell(place)) === 'sent') {
        return;
      }
    }
  }

  /** The answer that told the job of its claim may have been lost. */
  async function findOwnClaim(claims: string): Promise<string | undefined> {
    const { latest, owner } = await readLatest(claims);
    return owner === activityInfo().workflowExecution?.workflowId ? latest : undefined;
  }

  /** The claim with the highest number, if there is one, and the workflow that has it. */
  async function readLatest(claims: string): Promise<{ latest?: string; owner?: string | undefined }> {
    const keys = await Array.fromAsync(store.list(claims), ({ key }) => key);
    const latest = keys.at(-1);
    return latest === undefined ? {} : { latest, owner: await readOwner(latest) };
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
