import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { readArea } from '../../src/inference/image/open-image.ts';
import { resize } from '../../src/inference/image/raster.ts';
import { openMattingModel } from '../../src/inference/matte/matting-model.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import type { SlotTask } from '../../src/ports/slot-task.ts';

/** A plain cut-out in a slot, with the code of the pipeline. Reports the milliseconds from the JPEG to the PNG. */
export async function createTask({
  model,
  threads,
}: {
  model: FoundModel;
  threads: number;
}): Promise<SlotTask<{ photo: string; out: string }, number>> {
  const matting = await openMattingModel(model, { threads });
  return {
    selfTest: async () => ({}),
    async run({ photo, out }) {
      const jpeg = await readFile(photo);
      const start = performance.now();
      const picture = await readArea(jpeg);
      const alpha = await resize(await matting.matte(picture), picture.widthPx, picture.heightPx);
      const raw = { width: picture.widthPx, height: picture.heightPx, channels: 4 } as const;
      const png = await sharp(toRgba(picture.bytes, alpha.bytes), { raw })
        .png({ compressionLevel: 1 })
        .toBuffer();
      const ms = performance.now() - start;
      await writeFile(out, png);
      return ms;
    },
  };
}

/** Makes transparent pixels black, like Python's composite on nothing. */
function toRgba(rgb: Uint8Array, alpha: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(4 * alpha.length);
  for (let pixel = 0; pixel < alpha.length; pixel += 1) {
    const opacity = alpha[pixel]!;
    if (opacity > 0) {
      rgba[4 * pixel] = rgb[3 * pixel]!;
      rgba[4 * pixel + 1] = rgb[3 * pixel + 1]!;
      rgba[4 * pixel + 2] = rgb[3 * pixel + 2]!;
      rgba[4 * pixel + 3] = opacity;
    }
  }
  return rgba;
}
