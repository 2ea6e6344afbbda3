import type { DetectPersonsInput, DetectPersonsResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { createLadder } from '../runtime/fallback.ts';
import { type ModelPlan, planRungs, type Rung } from '../runtime/fallback-levels.ts';
import { runTogether } from '../runtime/run-together.ts';
import { type DetectorModel, openDetectorModel } from './detector-model.ts';
import { testDetectorModel } from './detector-self-test.ts';
import { rankPersons } from './person-ranking.ts';

export type DetectorConfig = ModelPlan;

/** Of models that take any, largest first. */
const SIDES_PX = [640, 480, 320];
/** What YOLO is trained at. */
const DEFAULT_SIDE_PX = 640;
/** Nothing below is worth telling a person of. */
const MIN_SCORE = 0.05;

/** @param openRung is another way to open a rung's model, such as one that fails on purpose. */
export async function createTask(
  plan: DetectorConfig,
  openRung: (rung: Rung) => Promise<DetectorModel> = ({ model, provider, sidePx }) =>
    openDetectorModel(model, { threads: plan.threads, provider, sidePx }),
): Promise<SlotTask<DetectPersonsInput, DetectPersonsResult>> {
  const ladder = await createLadder({
    rungs: planRungs(plan, SIDES_PX, DEFAULT_SIDE_PX),
    open: openRung,
    selfTest: testDetectorModel,
  });
  const { batch } = ladder.facts;
  const detect = runTogether(
    (paths: string[]) =>
      ladder.run((detector) =>
        // Lower rungs were not probed.
        paths.length === 1 || ladder.worn
          ? mapInTurn(paths, (path) => detector.detect(path, MIN_SCORE))
          : detector.detectTogether(paths, MIN_SCORE),
      ),
    () => (ladder.worn ? 1 : Number(batch)),
  );
  return {
    get worn() {
      return ladder.worn;
    },
    selfTest: async () => ladder.facts,

    async run({ imagePath, confThreshold }) {
      const { found, widthPx, heightPx, timingsMs } = await detect(imagePath);
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

async function mapInTurn<From, To>(items: readonly From[], map: (item: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  for (const item of items) {
    results.push(await map(item));
  }
  return results;
}
