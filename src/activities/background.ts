import { join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import type { Box } from '../contracts/schemas/job-outcome.ts';
import type { ContentCache } from '../ports/content-cache.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../ports/models.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import { cacheResult } from './cache-result.ts';
import { keepAlive } from './keep-alive.ts';
import { cutoutFacts, type ProducerVersions } from './producer-versions.ts';

export interface BackgroundDeps {
  store: ObjectStore;
  matting: SlotPool<RemoveBackgroundInput, RemoveBackgroundResult>;
  cache: ContentCache;
  producerVersions: ProducerVersions;
}

export interface RemoveBackgroundRequest {
  photoKey: string;
  /** Absent if the cut-out must not be cached. */
  photoSha256?: string;
  person: Box;
  others: Box[];
  applySmoothing: boolean;
  maskKey: string;
  cutoutKey: string;
}

export type RemovedBackground = RemoveBackgroundResult & {
  mask: StoredObject;
  cutout: StoredObject;
  /** Its cache entry, if it was cached. */
  entry?: string;
};

export function createBackgroundActivities({ store, matting, cache, producerVersions }: BackgroundDeps) {
  return {
    /** Cuts the person out of the photo, and stores the mask and the cut-out. A retry overwrites them. */
    removeBackground: (request: RemoveBackgroundRequest): Promise<RemovedBackground> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const maskPath = join(folder.path, 'mask.png');
        const cutoutPath = join(folder.path, 'cutout.png');
        const imagePath = await store.localPath(request.photoKey);
        const { person, others, applySmoothing } = request;
        const result = await matting.run(
          { imagePath, person, others, applySmoothing, maskPath, cutoutPath },
          { signal },
        );
        const [mask, cutout] = await store.putMany([
          { key: request.maskKey, body: { path: maskPath } },
          { key: request.cutoutKey, body: { path: cutoutPath } },
        ]);
        const facts = cutoutFacts(producerVersions, { ...request, photoSha256: request.photoSha256 });
        const files = { mask: request.maskKey, cutout: request.cutoutKey };
        return {
          ...result,
          mask: mask!,
          cutout: cutout!,
          ...(await cacheResult(cache, 'cutout', facts, { result, files })),
        };
      }),
  };
}

export type BackgroundActivities = ReturnType<typeof createBackgroundActivities>;
