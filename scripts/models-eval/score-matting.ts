import sharp from 'sharp';
import { readArea } from '../../src/inference/image/open-image.ts';
import { type Raster, resize } from '../../src/inference/image/raster.ts';
import { openMattingModel } from '../../src/inference/matte/matting-model.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import { mean, median } from './mean.ts';
import type { PeopleSet } from './people-set.ts';
import { portraitCrop } from './portrait-crop.ts';

/** Crops with smaller sides are skipped. */
const MIN_SIDE_PX = 32;
const HALF = 128;

export interface MattingScore {
  /** On head-and-shoulder crops: see `portraitCrop`. Intersection over union at half opacity. */
  iou: number;
  medianIou: number;
  /** Mean absolute error of alpha, 0 to 1. */
  mae: number;
  crops: number;
  /** Median milliseconds of model and resizing, one thread. */
  matteMs: number;
}

/** The model's own output for a crop of one person, without refinement and without removing other people. */
export async function scoreMatting(model: FoundModel, people: PeopleSet): Promise<MattingScore> {
  const matting = await openMattingModel(model, { threads: 1 });
  const [ious, errors, times]: [number[], number[], number[]] = [[], [], []];
  for (const photo of people.withMask) {
    const mask = await readMask(people.maskPath(photo));
    const area = portraitCrop(mask);
    if (!area || Math.min(area.width, area.height) < MIN_SIDE_PX) {
      continue;
    }
    const crop = await readArea(people.imagePath(photo), area);
    const start = performance.now();
    const matte = await matting.matte(crop);
    times.push(performance.now() - start);
    const { bytes } = await resize(matte, area.width, area.height);
    let [both, either, error] = [0, 0, 0];
    for (let y = 0; y < area.height; y += 1) {
      for (let x = 0; x < area.width; x += 1) {
        const alpha = bytes[y * area.width + x]!;
        const truth = mask.bytes[(area.top + y) * mask.widthPx + area.left + x]!;
        both += alpha >= HALF && truth >= HALF ? 1 : 0;
        either += alpha >= HALF || truth >= HALF ? 1 : 0;
        error += Math.abs(alpha - truth) / 255;
      }
    }
    ious.push(either === 0 ? 1 : both / either);
    errors.push(error / bytes.length);
  }
  return {
    iou: mean(ious),
    medianIou: median(ious),
    mae: mean(errors),
    crops: ious.length,
    matteMs: median(times),
  };
}

async function readMask(path: string): Promise<Raster> {
  const { data, info } = await sharp(path).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 1 };
}
