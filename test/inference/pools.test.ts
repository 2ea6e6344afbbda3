import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createDetectorPool, createMattingPool } from '../../src/inference/pools.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { mediaDir, modelsDir } from '../shared-media.ts';

const logger = createLogger('test', { level: 'silent' });
const signal = new AbortController().signal;

describe.skipIf(!modelsDir || !mediaDir)(
  'the pools of a GPU worker (skipped without MODELS_DIR and MEDIA_DIR)',
  () => {
    const config = loadConfig({ MODELS_DIR: modelsDir, YOLO_SLOTS: '1', ONNX_THREADS: '1' });
    const imagePath = join(mediaDir ?? '', 'people/zidane.jpg');

    it('find a person, cut them out, and survive a slot that is killed at work', async () => {
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
      expect(Object.keys(timingsMs)).toEqual(['decode', 'model', 'isolate', 'refine', 'write']);
    });
  },
);

it('a pool without a model tells how to get one', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'models-'));
  await expect(createMattingPool(loadConfig({ MODELS_DIR: empty }), logger)).rejects.toMatchObject({
    code: 'MODEL_MISSING',
    message: expect.stringContaining('Set MODELS_DIR'),
  });
  await rm(empty, { recursive: true });
});
