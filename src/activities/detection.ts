import type { DetectPersonsInput, DetectPersonsResult } from '../inference/tasks.ts';
import type { SlotPool } from '../slots/slot-task.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { keepAlive } from './keep-alive.ts';

export interface DetectionDeps {
  store: ObjectStore;
  detector: SlotPool<DetectPersonsInput, DetectPersonsResult>;
}

export function createDetectionActivities({ store, detector }: DetectionDeps) {
  return {
    /** Persons in the photo, best first. Nobody at all is a result, not an error. */
    async detectPersons(input: { photoKey: string; confThreshold: number }): Promise<DetectPersonsResult> {
      const imagePath = await store.localPath(input.photoKey);
      return keepAlive((signal) =>
        detector.run({ imagePath, confThreshold: input.confThreshold }, { signal }),
      );
    },
  };
}

export type DetectionActivities = ReturnType<typeof createDetectionActivities>;
