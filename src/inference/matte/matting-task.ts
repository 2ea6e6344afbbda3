import { fileURLToPath } from 'node:url';
import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { PipelineError } from '../../errors.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../../ports/models.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { area as boxArea } from '../detect/boxes.ts';
import { openImage, readArea } from '../image/open-image.ts';
import { blur, type Raster, resize, writePng } from '../image/raster.ts';
import { type Level, type ModelPlan, openWithFallback, planLevels } from '../runtime/fallback.ts';
import { StepTimer } from '../runtime/step-timer.ts';
import { cropAround, cutOut } from './cutout.ts';
import { estimateColours } from './foreground.ts';
import { isOnGrid, toGridPerson } from './grid-person.ts';
import { GRID_PX } from './mask-grid.ts';
import { DEFAULT_SIDE_PX, type MattingModel, openMattingModel } from './matting-model.ts';
import { isolatePerson, type PersonMask } from './person-mask.ts';

export type MattingConfig = ModelPlan;

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
      const allPeople = await matting.run((model) => model.matte(crop));
      timer.done('model');

      const toGrid = (box: Box) => toGridPerson(box, area);
      const gridColours = await resize(crop, GRID_PX, GRID_PX);
      const gridAlpha = await resize(allPeople, GRID_PX, GRID_PX);
      const isolated = await applyMask(
        allPeople,
        isolatePerson(
          gridAlpha.bytes,
          gridColours.bytes,
          toGrid(person),
          others.map(toGrid).filter(isOnGrid),
        ),
      );
      timer.done('isolate');

      const smooth = applySmoothing ? await blur(isolated, SMOOTHING_SIGMA * allPeople.widthPx) : isolated;
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
        inputSize: allPeople.widthPx,
        coverage: cutout.coverage,
        ...(matting.fallbacks.length > 0 && { fallbacks: [...matting.fallbacks] }),
        timingsMs: timer.steps,
      };
    },
  };
}

/** Reduces the alpha of all people to that of one person. */
async function applyMask(allPeople: Raster, { keep, fill }: PersonMask): Promise<Raster> {
  const toSize = (bytes: Uint8Array) =>
    resize(
      { bytes, widthPx: GRID_PX, heightPx: GRID_PX, channels: 1 },
      allPeople.widthPx,
      allPeople.heightPx,
    );
  const [kept, filled] = await Promise.all([toSize(keep), toSize(fill)]);
  const bytes = new Uint8Array(allPeople.bytes.length);
  for (let pixel = 0; pixel < bytes.length; pixel += 1) {
    bytes[pixel] = Math.max((allPeople.bytes[pixel]! * kept.bytes[pixel]!) / 255, filled.bytes[pixel]!);
  }
  return { ...allPeople, bytes };
}

/** A drawing of a person in front of a wall. */
const FIGURE = fileURLToPath(new URL('../self-test-figure.svg', import.meta.url));
/** Parts of the drawing, as shares of its sides: inside the chest, and bare wall. */
const CHEST: Box = [0.42, 0.33, 0.58, 0.55];
const WALL: Box = [0.02, 0.1, 0.2, 0.6];

/** @throws PipelineError MODEL_INVALID if the model gives the wall in a drawing as much alpha as the person */
async function testMattingModel({ name, sidePx, matte }: MattingModel) {
  const alpha = await matte(await readArea(FIGURE));
  const [chest, wall] = [meanWithin(alpha, CHEST), meanWithin(alpha, WALL)];
  if (chest <= wall) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The background removal ${name} cannot tell a drawn person from a wall: alpha ${chest} and ${wall}`,
    );
  }
  return { model: name, inputSize: sidePx, selfTestChest: chest, selfTestWall: wall };
}

/** Mean alpha, 0 to 255, inside a box given as shares of the sides. */
function meanWithin({ bytes, widthPx, heightPx }: Raster, [x1, y1, x2, y2]: Box): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.round(y1 * heightPx); y < y2 * heightPx; y += 1) {
    for (let x = Math.round(x1 * widthPx); x < x2 * widthPx; x += 1) {
      sum += bytes[y * widthPx + x]!;
      count += 1;
    }
  }
  return Math.round(sum / count);
}
