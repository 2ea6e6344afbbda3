import type { ContentCache } from '../ports/content-cache.ts';
import type { DetectPersonsInput, DetectPersonsResult } from '../ports/models.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import { keepQuietly } from './cache-result.ts';
import { keepAlive } from './keep-alive.ts';
import { detectionFacts, type Makers } from './producer-versions.ts';

export interface DetectionDeps {
  store: ObjectStore;
  detector: SlotPool<DetectPersonsInput, DetectPersonsResult>;
  cache: ContentCache;
  makers: Makers;
}

/** `photoSha256` is given where the answer may be kept; `entry` is where it was. */
export type Detected = DetectPersonsResult & { entry?: string };

export function createDetectionActivities({ store, detector, cache, makers }: DetectionDeps) {
  return {
    /** Persons in the photo, best first. Nobody at all is a result, not an error. */
    detectPersons: (input: {
      photoKey: string;
      confThreshold: number;
      photoSha256?: string;
    }): Promise<Detected> =>
      keepAlive(async (signal) => {
        const imagePath = await store.localPath(input.photoKey);
        const result = await detector.run({ imagePath, confThreshold: input.confThreshold }, { signal });
        const facts = detectionFacts(makers, { ...input, photoSha256: input.photoSha256 });
        return { ...result, ...(await keepQuietly(cache, 'detection', facts, { result, files: {} })) };
      }),
  };
}

export type DetectionActivities = ReturnType<typeof createDetectionActivities>;
