import { fileURLToPath } from 'node:url';
import { PipelineError } from '../errors.ts';
import type { SlotTask } from '../slots/slot-task.ts';
import type { FoundModel } from './find-model.ts';
import { toImageTensor } from './image-tensor.ts';
import { letterbox } from './letterbox.ts';
import { rankPersons } from './person-ranking.ts';
import { openSession } from './session.ts';
import { StepTimer } from './step-timer.ts';
import type { DetectPersonsInput, DetectPersonsResult } from './tasks.ts';
import { readYoloPersons, type YoloKind } from './yolo-output.ts';

export interface DetectorConfig {
  model: FoundModel;
  threads: number;
}

/** Side of the input of models that take any: what YOLO is trained at. */
const DEFAULT_SIDE_PX = 640;
/** Nothing below is worth telling a person of. */
const MIN_SCORE = 0.05;
/** A drawing is no photo: healthy models are less sure of it, broken ones see nothing at all. */
const MIN_SELF_TEST_SCORE = 0.02;
const FIGURE = fileURLToPath(new URL('./self-test-figure.svg', import.meta.url));

export async function createTask({
  model,
  threads,
}: DetectorConfig): Promise<SlotTask<DetectPersonsInput, DetectPersonsResult>> {
  const { input, output, name } = model.contract;
  const session = await openSession(model, { threads });
  const to = {
    widthPx: input.shape[3] ?? DEFAULT_SIDE_PX,
    heightPx: input.shape[2] ?? DEFAULT_SIDE_PX,
    fit: input.fit,
    pad: input.pad,
  };

  const detect = async (image: string, minScore: number) => {
    const timer = new StepTimer();
    const boxed = await letterbox(image, to);
    timer.done('decode');
    const tensor = toImageTensor(boxed.rgb, to.widthPx, to.heightPx, input);
    timer.done('tensor');
    const [scores] = await session.run(tensor);
    timer.done('model');
    const found = readYoloPersons(output.kind as YoloKind, scores!, minScore).map(({ box, score }) => ({
      box: boxed.toPicture(box),
      score,
    }));
    timer.done('boxes');
    return { ...boxed, found, timingsMs: timer.steps };
  };

  return {
    async selfTest() {
      const { found } = await detect(FIGURE, MIN_SELF_TEST_SCORE);
      if (!found[0]) {
        throw new PipelineError(
          'MODEL_INVALID',
          `The detector ${name} sees nobody in a drawing of a person: the model was exported or trained wrongly`,
        );
      }
      return { model: name, inputSize: to.widthPx, selfTestScore: Number(found[0].score.toFixed(3)) };
    },

    async run({ imagePath, confThreshold }) {
      const { found, widthPx, heightPx, timingsMs } = await detect(imagePath, MIN_SCORE);
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
