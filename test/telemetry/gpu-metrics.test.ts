import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { addGpuMetrics, parseNvidiaSmi } from '../../src/telemetry/metrics/gpu-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { parseMetrics } from '../harness/metric-lines.ts';
import { createFolder } from '../harness/storage/temporary-store.ts';

it('reports the share of time that the slots were busy', async () => {
  let busyMs = 0;
  const startedAt = performance.now();
  const slot = () => ({
    pid: 1,
    state: 'busy' as const,
    memoryMb: 1,
    restarts: 0,
    recycled: 0,
    runs: 1,
    busyMs,
    facts: {},
  });
  const metrics = createMetrics('gpu');
  using _gpu = addGpuMetrics(metrics, { device: 'x', pools: { yolo: { snapshot: () => [slot(), slot()] } } });
  while (performance.now() - startedAt < 20) {
    // One of two slots is busy all the time.
  }
  busyMs = (performance.now() - startedAt) / 2;

  const percent = parseMetrics(await metrics.render()).get(
    'gpu_utilization_percent{device="x",source="slots"}',
  );

  expect(percent).toBeGreaterThan(20);
  expect(percent).toBeLessThanOrEqual(100);
});

it('reads the line of nvidia-smi, unless the device has no values', () => {
  expect(parseNvidiaSmi('37, 5120, 81559\n')).toEqual({ percent: 37, usedMib: 5120, totalMib: 81_559 });
  expect(parseNvidiaSmi('[N/A], 5120, 81559\n')).toBeUndefined();
  expect(parseNvidiaSmi('')).toBeUndefined();
});

it('reports the device while nvidia-smi has its values', async () => {
  const folder = await createFolder();
  const answer = (script: string) =>
    writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const metrics = createMetrics('gpu');
  using _gpu = addGpuMetrics(metrics, { device: '1', pools: {} });
  const scrape = async () => parseMetrics(await metrics.render());
  const percent = 'gpu_utilization_percent{device="1",source="device"}';

  await answer('[ "$1" = --id=1 ] && echo "37, 5120, 81559"');
  const up = await scrape();
  expect(up.get(percent)).toBe(37);
  expect(up.get('gpu_memory_used_bytes{device="1"}')).toBe(5120 * 2 ** 20);
  expect(up.get('gpu_memory_total_bytes{device="1"}')).toBe(81_559 * 2 ** 20);

  await answer('exit 9');
  expect((await scrape()).has(percent)).toBe(false);
});
