import { join } from 'node:path';
import type { Box, StoredObject } from '../contracts/job.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../inference/tasks.ts';
import type { SlotPool } from '../slots/slot-task.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { keepAlive } from './keep-alive.ts';

export interface BackgroundDeps {
  store: ObjectStore;
  matting: SlotPool<RemoveBackgroundInput, RemoveBackgroundResult>;
}

export interface RemoveBackgroundRequest {
  photoKey: string;
  person: Box;
  others: Box[];
  applySmoothing: boolean;
  maskKey: string;
  cutoutKey: string;
}

export function createBackgroundActivities({ store, matting }: BackgroundDeps) {
  return {
    /** Cuts the person out of the photo, and stores the mask and the cut-out. A retry writes them again. */
    async removeBackground(
      request: RemoveBackgroundRequest,
    ): Promise<RemoveBackgroundResult & { mask: StoredObject; cutout: StoredObject }> {
      await using folder = await store.scratch();
      const maskPath = join(folder.path, 'mask.png');
      const cutoutPath = join(folder.path, 'cutout.png');
      const imagePath = await store.localPath(request.photoKey);
      const { person, others, applySmoothing } = request;
      const result = await keepAlive((signal) =>
        matting.run({ imagePath, person, others, applySmoothing, maskPath, cutoutPath }, { signal }),
      );
      return {
        ...result,
        mask: await store.put(request.maskKey, { path: maskPath }),
        cutout: await store.put(request.cutoutKey, { path: cutoutPath }),
      };
    },
  };
}

export type BackgroundActivities = ReturnType<typeof createBackgroundActivities>;
