import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { openMattingModel } from '../../src/inference/matting-model.ts';
import { MATTING_KINDS } from '../../src/inference/matting-output.ts';
import { readArea } from '../../src/inference/open-image.ts';
import { resize } from '../../src/inference/raster.ts';
import { percentile, type Row } from '../bench.ts';
import { startPythonWorker } from '../python/python-worker.ts';
import { type BenchSetting, modelNamed, ROUNDS } from './setting.ts';

/** From the bytes of a JPEG to those of a PNG with alpha, in turns: the same work on both sides, by the pipeline's parts. */
export async function compareCutouts(
  what: string,
  { python, folder, photos, threads }: BenchSetting,
): Promise<Row[]> {
  const model = await modelNamed('rvm-1024', 'background-removal', MATTING_KINDS);
  const matting = await openMattingModel(model, { threads });
  const cutOut = async (jpeg: Uint8Array) => {
    const photo = await readArea(jpeg);
    const alpha = await resize(await matting.matte(photo), photo.widthPx, photo.heightPx);
    const raw = { width: photo.widthPx, height: photo.heightPx, channels: 4 } as const;
    return sharp(toRgba(photo.bytes, alpha.bytes), { raw }).png({ compressionLevel: 1 }).toBuffer();
  };
  await using theirs = await startPythonWorker(python, 'cutout', model.path, threads);
  const out = join(folder, 'theirs.png');
  const [ourMs, theirMs, differences]: [number[], number[], number[]] = [[], [], []];
  await theirs.run({ photo: photos[0]!, out });
  await cutOut(await readFile(photos[0]!));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const photo of photos) {
      theirMs.push((await theirs.run({ photo, out })).ms);
      const jpeg = await readFile(photo);
      const start = performance.now();
      const png = await cutOut(jpeg);
      ourMs.push(performance.now() - start);
      if (round === 0) {
        differences.push(await alphaDifference(png, out));
      }
    }
  }
  return [
    { what: `${what}, ours`, value: percentile(ourMs, 0.5), unit: 'ms' },
    { what: `${what}, Python`, value: percentile(theirMs, 0.5), unit: 'ms' },
    {
      what: `${what}, ours / Python`,
      value: percentile(ourMs, 0.5) / percentile(theirMs, 0.5),
      unit: '',
      atMost: 0.6,
    },
    {
      what: `${what}: alpha, mean difference, 1/255`,
      value: differences.reduce((sum, value) => sum + value, 0) / differences.length,
      unit: '',
      atMost: 1,
    },
  ];
}

/** Black where nothing is kept, as Python's composite on nothing. */
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

/** Mean, of 255. */
async function alphaDifference(ours: Buffer, theirs: string): Promise<number> {
  const [a, b] = await Promise.all(
    [ours, theirs].map((png) => sharp(png).extractChannel('alpha').raw().toBuffer()),
  );
  return a!.reduce((sum, value, at) => sum + Math.abs(value - b![at]!), 0) / a!.length;
}
