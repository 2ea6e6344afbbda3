import type { DetectPersonsInput, DetectPersonsResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { type Level, type ModelPlan, openWithFallback, planLevels } from '../runtime/fallback.ts';
import { runTogether } from '../runtime/run-together.ts';
import { DEFAULT_SIDE_PX, type DetectorModel, openDetectorModel } from './detector-model.ts';
import { testDetectorModel } from './detector-self-test.ts';
import { rankPersons } from './person-ranking.ts';

export type DetectorConfig = ModelPlan;

/** Detections below are noise. */
const MIN_SCORE = 0.05;

/** @param openLevel replaces how models are opened, for example by one that fails on purpose */
export async function createTask(
  plan: DetectorConfig,
  openLevel: (level: Level) => Promise<DetectorModel> = ({ model, provider, sidePx }) =>
    openDetectorModel(model, { threads: plan.threads, provider, sidePx }),
): Promise<SlotTask<DetectPersonsInput, DetectPersonsResult>> {
  const detector = await openWithFallback({
    levels: planLevels(plan, DEFAULT_SIDE_PX),
    open: openLevel,
    selfTest: testDetectorModel,
  });
  const { batch } = detector.facts;
  const detect = runTogether(
    (paths: string[]) =>
      detector.run((model) =>
        // The self-test tried batches on the first level only.
        paths.length === 1 || detector.degraded
          ? mapInTurn(paths, (path) => model.detect(path, MIN_SCORE))
          : model.detectTogether(paths, MIN_SCORE),
      ),
    () => (detector.degraded ? 1 : Number(batch)),
  );
  return {
    get degraded() {
      return detector.degraded;
    },
    selfTest: async () => detector.facts,

    async run({ imagePath, confThreshold }) {
      const { found, widthPx, heightPx, timingsMs } = await detect(imagePath);
      const persons = found.filter(({ score }) => score >= confThreshold);
      const below = found.find(({ score }) => score < confThreshold);
      return {
        widthPx,
        heightPx,
        persons: rankPersons(persons, widthPx),
        ...(below && { bestBelowThreshold: below.score }),
        ...(detector.fallbacks.length > 0 && { fallbacks: [...detector.fallbacks] }),
        timingsMs,
      };
    },
  };
}

async function mapInTurn<From, To>(items: readonly From[], map: (item: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  for (const item of items) {
    results.push(await map(item));
  }
  return results;
}
