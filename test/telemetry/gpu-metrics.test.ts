import { expect, it } from 'vitest';
import { addGpuMetrics, parseNvidiaSmi } from '../../src/telemetry/metrics/gpu-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { parseMetrics } from '../harness/metric-lines.ts';

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
