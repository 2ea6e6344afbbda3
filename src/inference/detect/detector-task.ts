import type { DetectPersonsInput, DetectPersonsResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import type { FoundFaceModels } from '../face/find-face-models.ts';
import { openImage } from '../image/open-image.ts';
import { type Level, type ModelPlan, openWithFallback, planLevels } from '../runtime/fallback.ts';
import { runTogether } from '../runtime/run-together.ts';
import { StepTimer } from '../runtime/step-timer.ts';
import { DEFAULT_SIDE_PX, type DetectorModel, openDetectorModel } from './detector-model.ts';
import { testDetectorModel } from './detector-self-test.ts';
import { rankPersons } from './person-ranking.ts';
import { openPhotoFaces, personAround } from './photo-faces.ts';

export interface DetectorConfig extends ModelPlan {
  /** Finds faces, to turn photos upright and to find people in close-ups. Computed on the CPU. Default: neither. */
  faces?: FoundFaceModels;
}

/** Detections below are noise. */
const MIN_SCORE = 0.05;
const PNG = { compressionLevel: 1 };

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
  const faces = plan.faces && (await openPhotoFaces(plan.faces, plan.threads));
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

    async run({ imagePath, confThreshold, turnedPath }) {
      const asSent = await detect(imagePath);
      const timer = new StepTimer();
      const upright = await faces?.look(imagePath, asSent, turnedPath !== undefined);
      timer.done('faces');
      const turn = upright?.turn;
      if (turn) {
        await openImage(imagePath).rotate(turn).png(PNG).toFile(turnedPath!);
        timer.done('turn');
      }
      const { found, widthPx, heightPx, timingsMs } = turn ? await detect(turnedPath!) : asSent;
      const persons = found.filter(({ score }) => score >= confThreshold);
      // A face that fills the picture leaves too little of a person to be found as one.
      const around = persons.length === 0 && upright && personAround(upright, widthPx, heightPx);
      const all = around && around.score >= confThreshold ? [around] : persons;
      const below = found.find(({ score }) => score < confThreshold);
      return {
        widthPx,
        heightPx,
        persons: rankPersons(all, widthPx),
        ...(turn && { turnedDegrees: turn }),
        ...(below && { bestBelowThreshold: below.score }),
        ...(detector.fallbacks.length > 0 && { fallbacks: [...detector.fallbacks] }),
        timingsMs: { ...timingsMs, ...timer.steps },
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
