import { readFile } from 'node:fs/promises';
import { type Detection, openDetectorModel } from '../../src/inference/detect/detector-model.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import type { SlotTask } from '../../src/ports/slot-task.ts';

export interface TimedDetection extends Detection {
  /** Milliseconds from the JPEG to the boxes. */
  ms: number;
}

/** Detection in a slot, as in the pipeline. */
export async function createTask({
  model,
  threads,
  threshold,
}: {
  model: FoundModel;
  threads: number;
  threshold: number;
}): Promise<SlotTask<{ photo: string }, TimedDetection>> {
  const detector = await openDetectorModel(model, { threads });
  return {
    selfTest: async () => ({}),
    async run({ photo }) {
      const jpeg = await readFile(photo);
      const start = performance.now();
      const detection = await detector.detect(jpeg, threshold);
      return { ...detection, ms: performance.now() - start };
    },
  };
}
