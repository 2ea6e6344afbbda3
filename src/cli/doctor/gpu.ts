import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasCudaLibraries } from '../../inference/pools.ts';
import { assertMemoryFits } from '../../process/device-memory.ts';
import { type Check, fault, note, ok, type Result, toSentence } from './finding.ts';

interface Device {
  index: string;
  name: string;
  memoryGb: number;
}

/** The configured devices exist, can compute, and have enough memory for their slots. */
export const checkGpu: Check = async ({ environment, config, signal }) => {
  const { gpu } = config;
  const findings: Result[] = [];
  try {
    assertMemoryFits(gpu);
  } catch (error) {
    const slots = Math.max(1, Math.floor((gpu.memoryGb - gpu.birefnet.memoryGb) / gpu.yolo.memoryGb));
    findings.push(fault(toSentence(error), `YOLO_SLOTS=${slots} BIREFNET_SLOTS=1 npm start`));
  }
  if (gpu.device.trim() === '-1') {
    return [...findings, ok('uses the CPU, because CUDA_VISIBLE_DEVICES is -1')];
  }
  const devices = await listDevices(environment, signal);
  if (devices.length === 0) {
    return [...findings, ok('no NVIDIA device found: uses the CPU')];
  }
  return [...findings, ...devicesFindings(devices, gpu)];
};

function devicesFindings(
  devices: Device[],
  { device: named, memoryGb }: { device: string; memoryGb: number },
): Result[] {
  const all = devices.map(({ index }) => index).join(',');
  return named.split(',').map((name): Result => {
    const device = devices.find(({ index }) => index === name.trim());
    // The setting may also be a UUID or a name for a worker on the CPU. Those are checked by the worker.
    if (!device) {
      return /^\d+$/.test(name.trim())
        ? fault(
            `device ${name} does not exist; this machine has ${all}`,
            `CUDA_VISIBLE_DEVICES=${all} npm start`,
          )
        : note(`${name} is not a device number; this machine has ${all}`);
    }
    const what = `device ${name}: ${device.name}, ${device.memoryGb.toFixed(0)} GB`;
    if (!hasCudaLibraries()) {
      return note(
        `${what}, but ONNX Runtime's CUDA libraries are not installed: uses the CPU`,
        'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false',
      );
    }
    return device.memoryGb < memoryGb
      ? fault(
          `${what}, but GPU_MEMORY_GB is ${memoryGb}`,
          `GPU_MEMORY_GB=${Math.floor(device.memoryGb)} npm start`,
        )
      : ok(what);
  });
}

async function listDevices(
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Device[]> {
  const query = ['--query-gpu=index,name,memory.total', '--format=csv,noheader,nounits'];
  const { stdout } = await promisify(execFile)('nvidia-smi', query, {
    env: environment,
    signal,
    timeout: 10_000,
  }).catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .map((line) => line.split(', '))
    .filter((fields) => fields.length === 3)
    .map(([index, name, megabytes]) => ({ index: index!, name: name!, memoryGb: Number(megabytes) / 1024 }));
}
