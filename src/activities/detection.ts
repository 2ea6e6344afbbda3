import type { ContentCache } from '../ports/content-cache.ts';
import type { DetectPersonsInput, DetectPersonsResult } from '../ports/models.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import { cacheResult } from './cache-result.ts';
import { keepAlive } from './keep-alive.ts';
import { detectionFacts, type ProducerVersions } from './producer-versions.ts';

export interface DetectionDeps {
  store: ObjectStore;
  detector: SlotPool<DetectPersonsInput, DetectPersonsResult>;
  cache: ContentCache;
  producerVersions: ProducerVersions;
}

/** `entry` is its cache entry, if it was cached. */
export type Detected = DetectPersonsResult & { entry?: string };

export function createDetectionActivities({ store, detector, cache, producerVersions }: DetectionDeps) {
  return {
    /**
     * Finds the people in the photo, best first. No person at all is a result, not an error. Without `photoSha256` the result
     * is not cached.
     */
    detectPersons: (input: {
      photoKey: string;
      confThreshold: number;
      photoSha256?: string;
    }): Promise<Detected> =>
      keepAlive(async (signal) => {
        const imagePath = await store.localPath(input.photoKey);
        const result = await detector.run({ imagePath, confThreshold: input.confThreshold }, { signal });
        const facts = detectionFacts(producerVersions, { ...input, photoSha256: input.photoSha256 });
        return { ...result, ...(await cacheResult(cache, 'detection', facts, { result, files: {} })) };
      }),
  };
}

export type DetectionActivities = ReturnType<typeof createDetectionActivities>;
