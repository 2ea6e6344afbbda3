import { join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import type { ContentCache, NamedKeys } from '../ports/content-cache.ts';
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

export type Detected = DetectPersonsResult & {
  /** The photo that the boxes refer to, if it had to be turned. */
  turned?: StoredObject;
  /** Its cache entry, if it was cached. */
  entry?: string;
};

export function createDetectionActivities({ store, detector, cache, producerVersions }: DetectionDeps) {
  return {
    /**
     * Finds the people in the photo, best first. No person at all is a result, not an error. If the faces lie on their side or
     * are upside down, stores the photo turned under `turnedKey`; a retry overwrites it. Without `photoSha256` the result is
     * not cached.
     */
    detectPersons: (input: {
      photoKey: string;
      turnedKey: string;
      confThreshold: number;
      photoSha256?: string;
    }): Promise<Detected> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const { confThreshold, turnedKey } = input;
        const imagePath = await store.localPath(input.photoKey);
        const turnedPath = join(folder.path, 'turned.png');
        const result = await detector.run({ imagePath, confThreshold, turnedPath }, { signal });
        const turned = result.turnedDegrees && (await store.put(turnedKey, { path: turnedPath }));
        const facts = detectionFacts(producerVersions, { ...input, photoSha256: input.photoSha256 });
        const files: NamedKeys = turned ? { turned: turnedKey } : {};
        return {
          ...result,
          ...(turned && { turned }),
          ...(await cacheResult(cache, 'detection', facts, { result, files })),
        };
      }),
  };
}

export type DetectionActivities = ReturnType<typeof createDetectionActivities>;
