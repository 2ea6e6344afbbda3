import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import type { MattingConfig } from '../../src/inference/matte/matting-task.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../../src/ports/models.ts';
import { percentile, type Row } from '../bench.ts';
import { startPythonWorker } from '../python/python-worker.ts';
import { type BenchSetting, modelNamed, openSlots, ROUNDS } from './setting.ts';

/** The best number of processes for Python on two cores; one thread each, on both sides. */
const PROCESSES = 2;

/**
 * All photos at once through slots, with the whole work of the pipeline (one person only, edge colours, a mask), compared
 * with Python's plain cut-outs.
 */
export async function compareSlots({ python, folder, photos }: BenchSetting): Promise<Row[]> {
  const model = await modelNamed('rvm-1024', 'background-removal', MATTING_KINDS);
  await using pool = openSlots<RemoveBackgroundInput, RemoveBackgroundResult>(
    new URL('../../src/inference/matte/matting-task.ts', import.meta.url),
    { model, threads: 1 } satisfies MattingConfig,
    PROCESSES,
  );
  await using first = await startPythonWorker(python, 'cutout', model.path, 1);
  await using second = await startPythonWorker(python, 'cutout', model.path, 1);
  const inputs = await Promise.all(photos.map((photo, index) => toInput(photo, join(folder, String(index)))));
  const { signal } = new AbortController();
  const throughSlots = () => Promise.all(inputs.map((input) => pool.run(input, { signal })));
  const throughPython = () => {
    const waiting = [...photos];
    return Promise.all(
      [first, second].map(async (worker, index) => {
        let peakMb = 0;
        for (let photo = waiting.shift(); photo; photo = waiting.shift()) {
          ({ peakMb } = await worker.run({ photo, out: join(folder, `python-${index}.png`) }));
        }
        return peakMb;
      }),
    );
  };

  await pool.ready();
  await throughSlots();
  await throughPython();
  const [ourMs, theirMs]: [number[], number[]] = [[], []];
  let pythonPeakMb = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    ourMs.push(await timeOf(throughSlots));
    theirMs.push(
      await timeOf(async () => {
        pythonPeakMb = Math.max(...(await throughPython()));
      }),
    );
  }
  return [
    { what: `${photos.length} photos, ${PROCESSES} slots`, value: percentile(ourMs, 0.5), unit: 'ms' },
    {
      what: `${photos.length} photos, ${PROCESSES} Python processes`,
      value: percentile(theirMs, 0.5),
      unit: 'ms',
    },
    {
      what: `${photos.length} photos, slots / Python`,
      value: percentile(ourMs, 0.5) / percentile(theirMs, 0.5),
      unit: '',
      atMost: 0.6,
    },
    ...pool.snapshot().map(({ pid }, index) => ({
      what: `slot ${index + 1}, peak memory`,
      value: peakMbOf(pid as number),
      unit: 'MB',
    })),
    { what: 'Python process, peak memory', value: pythonPeakMb, unit: 'MB' },
  ];
}

async function toInput(imagePath: string, stem: string): Promise<RemoveBackgroundInput> {
  const { width, height } = await sharp(imagePath).metadata();
  return {
    imagePath,
    person: [0, 0, width, height],
    others: [],
    applySmoothing: true,
    maskPath: `${stem}-mask.png`,
    cutoutPath: `${stem}-cutout.png`,
  };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Peak resident memory, from Linux. */
function peakMbOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
