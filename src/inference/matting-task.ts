import { fileURLToPath } from 'node:url';
import type { Box } from '../contracts/job.ts';
import { PipelineError } from '../errors.ts';
import { area as boxArea } from './boxes.ts';
import { type CropArea, cropAround, cutOut } from './cutout.ts';
import type { FoundModel } from './find-model.ts';
import { estimateColours } from './foreground.ts';
import { toGridPerson } from './grid-person.ts';
import { toImageTensor } from './image-tensor.ts';
import { GRID_PX } from './mask-grid.ts';
import { type MattingKind, readAlpha } from './matting-output.ts';
import { openImage } from './open-image.ts';
import { isolatePerson, type PersonMask } from './person-mask.ts';
import { blur, type Raster, resize, writePng } from './raster.ts';
import { openSession } from './session.ts';
import type { SlotTask } from './slot-task.ts';
import { StepTimer } from './step-timer.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from './tasks.ts';

export interface MattingConfig {
  model: FoundModel;
  threads: number;
}

/** Side of the input of models that take any. */
const DEFAULT_SIDE_PX = 512;
/** Of the alpha at the model's size, as a share of its side: softer than a pixel's stairs, harder than a halo. */
const SMOOTHING_SIGMA = 1.2 / 1024;
/** Share of the person's box that the matte must fill for a person to be there. */
const MIN_FILL = 0.03;
const FIGURE = fileURLToPath(new URL('./self-test-figure.svg', import.meta.url));
/** In the drawing, as shares of its sides: within the chest, and wall with nothing before it. */
const CHEST: Box = [0.42, 0.33, 0.58, 0.55];
const WALL: Box = [0.02, 0.1, 0.2, 0.6];

export async function createTask({
  model,
  threads,
}: MattingConfig): Promise<SlotTask<RemoveBackgroundInput, RemoveBackgroundResult>> {
  const { input, output, name } = model.contract;
  const session = await openSession(model, { threads });
  const sidePx = input.shape[2] ?? DEFAULT_SIDE_PX;
  if (input.fit !== 'stretch' || (input.shape[3] ?? sidePx) !== sidePx) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The background removal ${name} should take a square that the picture is stretched to, but its manifest says ` +
        `${input.shape.join(' x ')}, ${input.fit}`,
    );
  }

  const matte = async (picture: Raster): Promise<Raster> => {
    const square = await resize(picture, sidePx, sidePx);
    const [alpha] = await session.run(toImageTensor(square.bytes, sidePx, sidePx, input));
    const bytes = readAlpha(output.kind as MattingKind, alpha!, sidePx);
    return { bytes, widthPx: sidePx, heightPx: sidePx, channels: 1 };
  };

  return {
    async selfTest() {
      const alpha = await matte(await readArea(FIGURE));
      const [chest, wall] = [meanWithin(alpha, CHEST), meanWithin(alpha, WALL)];
      if (chest <= wall) {
        throw new PipelineError(
          'MODEL_INVALID',
          `The background removal ${name} tells no person from a wall: alpha ${chest} and ${wall} in a drawing`,
        );
      }
      return { model: name, inputSize: sidePx, selfTestChest: chest, selfTestWall: wall };
    },

    async run({ imagePath, person, others, applySmoothing, maskPath, cutoutPath }) {
      const timer = new StepTimer();
      const { width, height } = await openImage(imagePath).metadata();
      const area = cropAround(person, width, height);
      const crop = await readArea(imagePath, area);
      timer.done('decode');
      const everybody = await matte(crop);
      timer.done('model');

      const toGrid = (box: Box) => toGridPerson(box, area);
      const gridColours = await resize(crop, GRID_PX, GRID_PX);
      const gridAlpha = await resize(everybody, GRID_PX, GRID_PX);
      const isolated = await applyMask(
        everybody,
        isolatePerson(gridAlpha.bytes, gridColours.bytes, toGrid(person), others.map(toGrid)),
      );
      timer.done('isolate');

      const smooth = applySmoothing ? await blur(isolated, SMOOTHING_SIGMA * sidePx) : isolated;
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
      return { inputSize: sidePx, coverage: cutout.coverage, timingsMs: timer.steps };
    },
  };
}

async function readArea(image: string, area?: CropArea): Promise<Raster> {
  const opened = openImage(image);
  const { data, info } = await (area ? opened.extract(area) : opened)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}

/** The alpha of one person out of everybody's. */
async function applyMask(everybody: Raster, { keep, fill }: PersonMask): Promise<Raster> {
  const toSize = (bytes: Uint8Array) =>
    resize(
      { bytes, widthPx: GRID_PX, heightPx: GRID_PX, channels: 1 },
      everybody.widthPx,
      everybody.heightPx,
    );
  const [kept, filled] = await Promise.all([toSize(keep), toSize(fill)]);
  const bytes = new Uint8Array(everybody.bytes.length);
  for (let pixel = 0; pixel < bytes.length; pixel += 1) {
    bytes[pixel] = Math.max((everybody.bytes[pixel]! * kept.bytes[pixel]!) / 255, filled.bytes[pixel]!);
  }
  return { ...everybody, bytes };
}

/** Of alpha, 0 to 255, within a box of shares of the sides. */
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
