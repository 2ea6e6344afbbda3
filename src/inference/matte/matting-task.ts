import type { Box } from '../../contracts/job.ts';
import { PipelineError } from '../../errors.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { area as boxArea } from '../detect/boxes.ts';
import { openImage, readArea } from '../image/open-image.ts';
import { blur, resize, writePng } from '../image/raster.ts';
import { createLadder } from '../runtime/fallback.ts';
import { type ModelPlan, planRungs, type Rung } from '../runtime/fallback-levels.ts';
import { StepTimer } from '../runtime/step-timer.ts';
import { applyMask } from './apply-mask.ts';
import { cropAround, cutOut } from './cutout.ts';
import { estimateColours } from './foreground.ts';
import { isOnGrid, toGridPerson } from './grid-person.ts';
import { GRID_PX } from './mask-grid.ts';
import { type MattingModel, openMattingModel } from './matting-model.ts';
import { testMattingModel } from './matting-self-test.ts';
import { isolatePerson } from './person-mask.ts';

export type MattingConfig = ModelPlan;

/** Of models that take any, largest first. */
const SIDES_PX = [1024, 768, 512, 256];
const DEFAULT_SIDE_PX = 512;

/** Of the alpha at the model's size, as a share of its side: softer than a pixel's stairs, harder than a halo. */
const SMOOTHING_SIGMA = 1.2 / 1024;
/** Share of the person's box that the matte must fill for a person to be there. */
const MIN_FILL = 0.03;

/** @param openRung is another way to open a rung's model, such as one that fails on purpose. */
export async function createTask(
  plan: MattingConfig,
  openRung: (rung: Rung) => Promise<MattingModel> = ({ model, provider, sidePx }) =>
    openMattingModel(model, { threads: plan.threads, provider, sidePx }),
): Promise<SlotTask<RemoveBackgroundInput, RemoveBackgroundResult>> {
  const ladder = await createLadder({
    rungs: planRungs(plan, SIDES_PX, DEFAULT_SIDE_PX),
    open: openRung,
    selfTest: testMattingModel,
  });
  return {
    get worn() {
      return ladder.worn;
    },
    selfTest: async () => ladder.facts,

    async run({ imagePath, person, others, applySmoothing, maskPath, cutoutPath }) {
      const timer = new StepTimer();
      const { width, height } = await openImage(imagePath).metadata();
      const area = cropAround(person, width, height);
      const crop = await readArea(imagePath, area);
      timer.done('decode');
      const everybody = await ladder.run((matting) => matting.matte(crop));
      timer.done('model');

      const toGrid = (box: Box) => toGridPerson(box, area);
      const gridColours = await resize(crop, GRID_PX, GRID_PX);
      const gridAlpha = await resize(everybody, GRID_PX, GRID_PX);
      const isolated = await applyMask(
        everybody,
        isolatePerson(
          gridAlpha.bytes,
          gridColours.bytes,
          toGrid(person),
          others.map(toGrid).filter(isOnGrid),
        ),
      );
      timer.done('isolate');

      const smooth = applySmoothing ? await blur(isolated, SMOOTHING_SIGMA * everybody.widthPx) : isolated;
      const colours = estimateColours(gridColours.bytes, (await resize(smooth, GRID_PX, GRID_PX)).bytes);
      const alpha = await resize(smooth, area.width, area.height);
      const cutout = cutOut(crop.bytes, alpha.bytes, colours, area, { widthPx: width, heightPx: height });
      timer.done('refine');
      if (cutout.coverage * width * height < MIN_FILL * boxArea(person)) {
        throw new PipelineError(
          'PERSON_NOT_FOUND',
          'A person was detected, but nothing in that place stands out from the background: use a photo on which the ' +
            'person is clearer, or choose another person',
          { details: { coverage: cutout.coverage } },
        );
      }

      await Promise.all([
        writePng({ bytes: cutout.mask, widthPx: width, heightPx: height, channels: 1 }, maskPath),
        writePng({ bytes: cutout.rgba, widthPx: width, heightPx: height, channels: 4 }, cutoutPath),
      ]);
      timer.done('write');
      return {
        inputSize: everybody.widthPx,
        coverage: cutout.coverage,
        ...(ladder.steps.length > 0 && { ladder: [...ladder.steps] }),
        timingsMs: timer.steps,
      };
    },
  };
}
