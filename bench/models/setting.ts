import { HUGE_PAGES, NO_TELEMETRY } from '../../src/inference/runtime/environment.ts';
import { type FoundModel, listModels, type ModelTask } from '../../src/models/find-model.ts';
import type { SlotPool } from '../../src/ports/slot-task.ts';
import { createSlotPool } from '../../src/slots/slot-pool.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { modelsDir } from '../../test/harness/shared-media.ts';

export interface BenchSetting {
  python: string;
  /** For files of the bench. */
  folder: string;
  /** Paths of JPEG files. */
  photos: string[];
  /** Of one inference, on both sides. */
  threads: number;
}

/** Repetitions per photo. Both sides alternate, so that other load affects both. */
export const ROUNDS = 3;

/** A model by its name, so that both sides have the same weights. */
export async function modelNamed(
  name: string,
  task: ModelTask,
  kinds: readonly string[],
): Promise<FoundModel> {
  const model = (await listModels(task, kinds, modelsDir as string)).find(
    ({ contract }) => contract.name === name,
  );
  if (!model) {
    throw new Error(`There is no ${name} in MODELS_DIR`);
  }
  return model;
}

/** Slots like those of the pipeline. */
export function openSlots<Input, Result>(task: URL, config: unknown, slots: number): SlotPool<Input, Result> {
  return createSlotPool<Input, Result>({
    name: 'bench',
    task,
    config,
    slots,
    files: { reads: ['photo', 'imagePath'], writes: ['out', 'maskPath', 'cutoutPath'] },
    access: { readable: [modelsDir as string] },
    env: { ...HUGE_PAGES, ...NO_TELEMETRY },
    timeoutMs: 600_000,
    logger: createLogger('bench', { level: 'silent' }),
  });
}
