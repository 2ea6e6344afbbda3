import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import { createDetectorPool, createMattingPool, MATTING_FILES } from '../../src/inference/pools.ts';
import { listModels } from '../../src/models/find-model.ts';
import type { RemoveBackgroundInput, RemoveBackgroundResult } from '../../src/ports/models.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { createSlotPool } from '../../src/slots/slot-pool.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { needs } from '../harness/needs.ts';
import { mediaDir, modelsDir } from '../harness/shared-media.ts';

const logger = createLogger('test', { level: 'silent' });
const signal = new AbortController().signal;

needs('MODELS_DIR', 'MEDIA_DIR').describe('the pools of a GPU worker', () => {
  const config = loadConfig({ MODELS_DIR: modelsDir, YOLO_SLOTS: '1', ONNX_THREADS: '1' });
  const imagePath = join(mediaDir ?? '', 'people/zidane.jpg');

  it('find a person, cut them out, and survive a killed slot', async () => {
    await using detector = await createDetectorPool(config, logger);
    await using matting = await createMattingPool(config, logger);
    const folder = await mkdtemp(join(tmpdir(), 'pools-'));
    await Promise.all([detector.ready(), matting.ready()]);

    const killed = detector.run({ imagePath, confThreshold: 0.5 }, { signal });
    process.kill(detector.snapshot()[0]?.pid as number, 'SIGKILL');
    await expect(killed).rejects.toMatchObject({ code: 'SLOT_CRASHED' });

    const { persons } = await detector.run({ imagePath, confThreshold: 0.5 }, { signal });
    const [first, ...others] = persons.map(({ box }) => box);
    const { coverage, timingsMs } = await matting.run(
      {
        imagePath,
        person: first!,
        others,
        applySmoothing: false,
        maskPath: join(folder, 'mask.png'),
        cutoutPath: join(folder, 'cutout.png'),
      },
      { signal },
    );
    await rm(folder, { recursive: true });
    expect(coverage).toBeGreaterThan(0.1);
    expect(matting.snapshot()[0]?.facts).toMatchObject({
      provider: expect.stringMatching(/^(cuda|cpu)$/),
      model: expect.any(String),
    });
    expect(Object.keys(timingsMs)).toEqual(['decode', 'model', 'isolate', 'refine', 'write']);
  });
});

needs('MODELS_DIR', 'MEDIA_DIR').describe('a slot whose device fails', () => {
  it('falls back, reports it, and is replaced before the next job', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fallback-'));
    const [big, small] = await listModels('background-removal', MATTING_KINDS, modelsDir as string);
    await using pool = createSlotPool<RemoveBackgroundInput, RemoveBackgroundResult>({
      name: 'birefnet',
      task: new URL('./fixtures/short-memory-task.ts', import.meta.url),
      config: { model: big, starter: small, threads: 1 },
      slots: 1,
      files: MATTING_FILES,
      access: { readable: [modelsDir as string] },
      timeoutMs: 120_000,
      logger,
    });
    const run = () =>
      pool.run(
        {
          imagePath: join(mediaDir as string, 'people/rembg_girl-3.jpg'),
          person: [292, 71, 516, 475],
          others: [],
          applySmoothing: false,
          maskPath: join(folder, 'mask.png'),
          cutoutPath: join(folder, 'cutout.png'),
        },
        { signal },
      );
    const [first, second] = await Promise.all([run(), run()]);
    await rm(folder, { recursive: true });
    for (const result of [first, second]) {
      expect(result).toMatchObject({
        inputSize: 512,
        fallbacks: [
          {
            from: expect.stringContaining('at 1024 px on cpu'),
            to: expect.stringContaining('at 512 px on cpu'),
            reason: 'Failed to allocate memory',
          },
        ],
      });
      expect(result.coverage).toBeGreaterThan(0.02);
    }
    expect(pool.snapshot()).toMatchObject([{ runs: 2, recycled: expect.any(Number), restarts: 0 }]);
    expect(pool.snapshot()[0]!.recycled).toBeGreaterThanOrEqual(1);
  });
});

it('a pool without a model fails with the command that installs one', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'models-'));
  await expect(createMattingPool(loadConfig({ MODELS_DIR: empty }), logger)).rejects.toMatchObject({
    code: 'MODEL_MISSING',
    message: expect.stringContaining('Set MODELS_DIR'),
  });
  await rm(empty, { recursive: true });
});
