import { fileURLToPath } from 'node:url';
import type { Box } from '../../contracts/job.ts';
import { PipelineError } from '../../errors.ts';
import { readArea } from '../image/open-image.ts';
import type { Raster } from '../image/raster.ts';
import type { MattingModel } from './matting-model.ts';

const FIGURE = fileURLToPath(new URL('../self-test-figure.svg', import.meta.url));
/** In the drawing, as shares of its sides: within the chest, and wall with nothing before it. */
const CHEST: Box = [0.42, 0.33, 0.58, 0.55];
const WALL: Box = [0.02, 0.1, 0.2, 0.6];

/** @throws PipelineError MODEL_INVALID where the model tells the drawn person from the wall the wrong way round, or not. */
export async function testMattingModel({ name, sidePx, matte }: MattingModel) {
  const alpha = await matte(await readArea(FIGURE));
  const [chest, wall] = [meanWithin(alpha, CHEST), meanWithin(alpha, WALL)];
  if (chest <= wall) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The background removal ${name} tells no person from a wall: alpha ${chest} and ${wall} in a drawing`,
    );
  }
  return { model: name, inputSize: sidePx, selfTestChest: chest, selfTestWall: wall };
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
