import { fileURLToPath } from 'node:url';
import { PipelineError } from '../errors.ts';
import type { SlotTask } from '../slots/slot-task.ts';
import { openDetectorModel } from './detector-model.ts';
import type { FoundModel } from './find-model.ts';
import { rankPersons } from './person-ranking.ts';
import type { DetectPersonsInput, DetectPersonsResult } from './tasks.ts';

export interface DetectorConfig {
  model: FoundModel;
  threads: number;
}

/** Nothing below is worth telling a person of. */
const MIN_SCORE = 0.05;
/** A drawing is no photo: healthy models are less sure of it, broken ones see nothing at all. */
const MIN_SELF_TEST_SCORE = 0.02;
const FIGURE = fileURLToPath(new URL('./self-test-figure.svg', import.meta.url));

export async function createTask({
  model,
  threads,
}: DetectorConfig): Promise<SlotTask<DetectPersonsInput, DetectPersonsResult>> {
  const detector = await openDetectorModel(model, { threads });
  return {
    async selfTest() {
      const { found } = await detector.detect(FIGURE, MIN_SELF_TEST_SCORE);
      if (!found[0]) {
        throw new PipelineError(
          'MODEL_INVALID',
          `The detector ${detector.name} sees nobody in a drawing of a person: the model was exported or trained wrongly`,
        );
      }
      return {
        model: detector.name,
        inputSize: detector.sidePx,
        selfTestScore: Number(found[0].score.toFixed(3)),
      };
    },

    async run({ imagePath, confThreshold }) {
      const { found, widthPx, heightPx, timingsMs } = await detector.detect(imagePath, MIN_SCORE);
      const persons = found.filter(({ score }) => score >= confThreshold);
      const below = found.find(({ score }) => score < confThreshold);
      return {
        widthPx,
        heightPx,
        persons: rankPersons(persons, widthPx),
        ...(below && { bestBelowThreshold: below.score }),
        timingsMs,
      };
    },
  };
}
