import type { Box } from '../../contracts/job.ts';
import { PipelineError } from '../../errors.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { area as boxArea } from '../detect/boxes.ts';
import { openImage, readArea } from '../image/open-image.ts';
import { blur, resize, writePng } from '../image/raster.ts';
import { type Level, type ModelPlan, openWithFallback, planLevels } from '../runtime/fallback.ts';
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

const DEFAULT_SIDE_PX = 512;

/** Blur of the alpha, as a share of the model's side: softer than the steps between pixels, harder than a halo. */
const SMOOTHING_SIGMA = 1.2 / 1024;
/** Minimum share of the person's box that the matte must cover. */
const MIN_FILL = 0.03;

/** @param openLevel replaces how models are opened, for example by one that fails on purpose */
export async function createTask(
  plan: MattingConfig,
  openLevel: (level: Level) => Promise<MattingModel> = ({ model, provider, sidePx }) =>
    openMattingModel(model, { threads: plan.threads, provider, sidePx }),
): Promise<SlotTask<RemoveBackgroundInput, RemoveBackgroundResult>> {
  const matting = await openWithFallback({
    levels: planLevels(plan, DEFAULT_SIDE_PX),
    open: openLevel,
    selfTest: testMattingModel,
  });
  return {
    get degraded() {
      return matting.degraded;
    },
    selfTest: async () => matting.facts,

    async run({ imagePath, person, others, applySmoothing, maskPath, cutoutPath }) {
      const timer = new StepTimer();
      const { width, height } = await openImage(imagePath).metadata();
      const area = cropAround(person, width, height);
      const crop = await readArea(imagePath, area);
      timer.done('decode');
      const everybody = await matting.run((model) => model.matte(crop));
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
          'A person was detected, but does not stand out from the background there: use a photo that shows the person ' +
            'more clearly, or choose another person',
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
        ...(matting.fallbacks.length > 0 && { fallbacks: [...matting.fallbacks] }),
        timingsMs: timer.steps,
      };
    },
  };
}
