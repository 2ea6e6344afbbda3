import { fileURLToPath } from 'node:url';
import { PipelineError } from '../errors.ts';
import type { SlotTask } from '../slots/slot-task.ts';
import { type DetectorModel, openDetectorModel } from './detector-model.ts';
import { createLadder } from './ladder.ts';
import { rankPersons } from './person-ranking.ts';
import { type ModelPlan, planRungs, type Rung } from './rungs.ts';
import type { DetectPersonsInput, DetectPersonsResult } from './tasks.ts';

export type DetectorConfig = ModelPlan;

/** Of models that take any, largest first. */
const SIDES_PX = [640, 480, 320];
/** What YOLO is trained at. */
const DEFAULT_SIDE_PX = 640;
/** Nothing below is worth telling a person of. */
const MIN_SCORE = 0.05;
/** A drawing is no photo: healthy models are less sure of it, broken ones see nothing at all. */
const MIN_SELF_TEST_SCORE = 0.02;
const FIGURE = fileURLToPath(new URL('./self-test-figure.svg', import.meta.url));

/** @param openRung is another way to open a rung's model, such as one that fails on purpose. */
export async function createTask(
  plan: DetectorConfig,
  openRung: (rung: Rung) => Promise<DetectorModel> = ({ model, provider, sidePx }) =>
    openDetectorModel(model, { threads: plan.threads, provider, sidePx }),
): Promise<SlotTask<DetectPersonsInput, DetectPersonsResult>> {
  const ladder = await createLadder({
    rungs: planRungs(plan, SIDES_PX, DEFAULT_SIDE_PX),
    open: openRung,
    selfTest,
  });
  return {
    get worn() {
      return ladder.worn;
    },
    selfTest: async () => ladder.facts,

    async run({ imagePath, confThreshold }) {
      const { found, widthPx, heightPx, timingsMs } = await ladder.run((detector) =>
        detector.detect(imagePath, MIN_SCORE),
      );
      const persons = found.filter(({ score }) => score >= confThreshold);
      const below = found.find(({ score }) => score < confThreshold);
      return {
        widthPx,
        heightPx,
        persons: rankPersons(persons, widthPx),
        ...(below && { bestBelowThreshold: below.score }),
        ...(ladder.steps.length > 0 && { ladder: [...ladder.steps] }),
        timingsMs,
      };
    },
  };
}

async function selfTest({ name, sidePx, detect }: DetectorModel) {
  const { found, timingsMs } = await detect(FIGURE, MIN_SELF_TEST_SCORE);
  if (!found[0]) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector ${name} sees nobody in a drawing of a person: the model was exported or trained wrongly`,
    );
  }
  return {
    model: name,
    inputSize: sidePx,
    selfTestScore: Number(found[0].score.toFixed(3)),
    selfTestMs: timingsMs.model!,
  };
}
