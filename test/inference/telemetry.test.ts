import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { createDetectorPool, createMattingPool } from '../../src/inference/pools.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { createRendererPool } from '../../src/providers/local/renderer-pool.ts';

it('no slot with a model tries to report its use to the maker of ONNX Runtime', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-telemetry-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = loadConfig({ STORAGE_ROOT: folder, MODELS_CACHE_DIR: folder, YOLO_SLOTS: '1' });
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  await using detector = await createDetectorPool(config, logger);
  await using matting = await createMattingPool(config, logger);
  await using renderer = await createRendererPool(config, logger);

  await Promise.all([detector.ready(), matting.ready(), renderer.ready()]);

  // It warns of a machine, such as a confined one, from which it cannot.
  expect(lines.filter((line) => line.includes('Slot is ready'))).toHaveLength(3);
  expect(lines.filter((line) => /telemetry/i.test(line))).toEqual([]);
});
