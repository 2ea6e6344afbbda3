import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Gauge } from 'prom-client';
import type { Metrics } from './metrics.ts';
import type { Pools } from './slot-metrics.ts';

/** Long enough for several runs, short enough to follow a burst. */
const WINDOW_MS = 60_000;
const SAMPLE_INTERVAL_MS = 5_000;
const NVIDIA_SMI_TIMEOUT_MS = 2_000;
const MIB = 2 ** 20;

interface Sample {
  at: number;
  busyMs: number;
}

/**
 * Exports `gpu_utilization_percent` twice: `source="slots"` is the share of the last minute in which the slots were busy, on
 * every machine; `source="device"` is the value of nvidia-smi, if it is installed.
 */
export function addGpuMetrics(
  { registry, beforeScrape }: Metrics,
  { device, pools }: { device: string; pools: Pools },
): Disposable {
  const registers = [registry];
  const labelNames = ['device', 'source'] as const;
  const utilization = new Gauge({
    name: 'gpu_utilization_percent',
    help: 'How busy the device is, from 0 to 100',
    labelNames,
    registers,
  });
  const used = new Gauge({
    name: 'gpu_memory_used_bytes',
    help: 'Memory in use on the device, from nvidia-smi',
    labelNames: ['device'],
    registers,
  });
  const total = new Gauge({
    name: 'gpu_memory_total_bytes',
    help: 'Memory of the device, from nvidia-smi',
    labelNames: ['device'],
    registers,
  });

  const toSample = (): Sample => ({ at: performance.now(), busyMs: sumBusyMs(pools) });
  const samples = [toSample()];
  const timer = setInterval(() => {
    samples.push(toSample());
    while (samples.length > WINDOW_MS / SAMPLE_INTERVAL_MS) {
      samples.shift();
    }
  }, SAMPLE_INTERVAL_MS);
  timer.unref();

  beforeScrape(async () => {
    const slots = Object.values(pools).flatMap((pool) => pool.snapshot()).length;
    utilization.set({ device, source: 'slots' }, toPercent(samples[0]!, toSample(), slots));
    const measured = await measureDevice(device);
    if (measured) {
      utilization.set({ device, source: 'device' }, measured.percent);
      used.set({ device }, measured.usedMib * MIB);
      total.set({ device }, measured.totalMib * MIB);
    } else {
      utilization.remove({ device, source: 'device' });
    }
  });
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function sumBusyMs(pools: Pools): number {
  return Object.values(pools)
    .flatMap((pool) => pool.snapshot())
    .reduce((sum, { busyMs }) => sum + busyMs, 0);
}

function toPercent(from: Sample, to: Sample, slots: number): number {
  const available = (to.at - from.at) * slots;
  return available > 0 ? Math.min(100, ((to.busyMs - from.busyMs) / available) * 100) : 0;
}

/** `undefined` if there is no nvidia-smi or it does not list the device. */
async function measureDevice(device: string) {
  if (!/^\d+$/.test(device)) {
    return undefined;
  }
  const args = [
    `--id=${device}`,
    '--query-gpu=utilization.gpu,memory.used,memory.total',
    '--format=csv,noheader,nounits',
  ];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', args, { timeout: NVIDIA_SMI_TIMEOUT_MS });
    return parseNvidiaSmi(stdout);
  } catch {
    return undefined;
  }
}

/** One line such as `37, 5120, 81559`: percent, MiB, MiB. */
export function parseNvidiaSmi(output: string) {
  const [percent, usedMib, totalMib] = output.split(',').map(Number);
  return percent === undefined || !Number.isFinite(percent) || usedMib === undefined || totalMib === undefined
    ? undefined
    : { percent, usedMib, totalMib };
}
