import { join } from 'node:path';
import sharp from 'sharp';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import { percentile, type Row } from '../bench.ts';
import { startPythonWorker } from '../python/python-worker.ts';
import { type BenchSetting, modelNamed, openSlots, ROUNDS } from './setting.ts';

/** From a JPEG to a PNG with alpha, alternating: the same work on both sides, ours with the code of the pipeline. */
export async function compareCutouts(
  what: string,
  { python, folder, photos, threads }: BenchSetting,
): Promise<Row[]> {
  const model = await modelNamed('rvm-1024', 'background-removal', MATTING_KINDS);
  await using ours = openSlots<{ photo: string; out: string }, number>(
    new URL('./cutout-task.ts', import.meta.url),
    { model, threads },
    1,
  );
  await ours.ready();
  const { signal } = new AbortController();
  await using theirs = await startPythonWorker(python, 'cutout', model.path, threads);
  const [ourPng, out] = [join(folder, 'ours.png'), join(folder, 'theirs.png')];
  const [ourMs, theirMs, differences]: [number[], number[], number[]] = [[], [], []];
  await theirs.run({ photo: photos[0]!, out });
  await ours.run({ photo: photos[0]!, out: ourPng }, { signal });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const photo of photos) {
      theirMs.push((await theirs.run({ photo, out })).ms);
      ourMs.push(await ours.run({ photo, out: ourPng }, { signal }));
      if (round === 0) {
        differences.push(await alphaDifference(ourPng, out));
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

/** Mean, of 255. */
async function alphaDifference(ours: string, theirs: string): Promise<number> {
  const [a, b] = await Promise.all(
    [ours, theirs].map((png) => sharp(png).extractChannel('alpha').raw().toBuffer()),
  );
  return a!.reduce((sum, value, at) => sum + Math.abs(value - b![at]!), 0) / a!.length;
}
