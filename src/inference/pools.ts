/**
 * The pools of a GPU worker. They look for their models here, so a missing model is reported before any slot starts.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { type FoundModel, findModelFamily, foldersOf } from '../models/find-model.ts';
import { verifyModels } from '../models/verify-models.ts';
import type {
  DetectPersonsInput,
  DetectPersonsResult,
  RemoveBackgroundInput,
  RemoveBackgroundResult,
} from '../ports/models.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import type { SlotFiles } from '../slots/slot-folder.ts';
import { createSlotPool } from '../slots/slot-pool.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DetectorConfig } from './detect/detector-task.ts';
import { YOLO_KINDS } from './detect/yolo-output.ts';
import { findFaceModels } from './face/find-face-models.ts';
import { MATTING_KINDS } from './matte/matting-output.ts';
import type { MattingConfig } from './matte/matting-task.ts';
import { HUGE_PAGES, NO_TELEMETRY } from './runtime/environment.ts';
import type { ExecutionProvider } from './runtime/session.ts';

type PoolConfig = Pick<Config, 'gpu' | 'models' | 'onnx' | 'slots'>;

/** CUDA_VISIBLE_DEVICES that hides all devices. */
const NO_DEVICE = '-1';
/** Whether ONNX Runtime can compute on a GPU at all: the install script of onnxruntime-node adds its CUDA libraries if asked to. */
export function hasCudaLibraries(): boolean {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const { platform, arch } = process;
  return ['napi-v6', 'napi-v3'].some((version) =>
    existsSync(join(folder, 'bin', version, platform, arch, 'libonnxruntime_providers_cuda.so')),
  );
}

/** False if the slots compute on the CPU in any case. @param device CUDA_VISIBLE_DEVICES */
export function mayUseDevice(device: string): boolean {
  return device !== NO_DEVICE && hasCudaLibraries();
}

const DETECTOR_FILES: SlotFiles = { reads: ['imagePath'], writes: ['turnedPath'] };
export const MATTING_FILES: SlotFiles = { reads: ['imagePath'], writes: ['maskPath', 'cutoutPath'] };
/** A process that exceeds what it may keep between two runs by this factor is out of control. */
const HARD_MEMORY_FACTOR = 2;
/** TensorRT compiles a large model once, for many minutes. */
const COMPILE_TIMEOUT_MS = 30 * 60_000;

export async function createDetectorPool(
  { gpu, models, onnx, slots }: PoolConfig,
  logger: Logger,
): Promise<SlotPool<DetectPersonsInput, DetectPersonsResult>> {
  const family = await findModelFamily('person-detection', YOLO_KINDS, models);
  const faces = await findFaceModels(models);
  await verifyModels([...membersOf(family), ...Object.values(faces)], models.cacheDir);
  return createSlotPool({
    name: 'yolo',
    task: new URL('./detect/detector-task.ts', import.meta.url),
    config: {
      ...family,
      faces,
      providers: providersOf(gpu, false),
      threads: onnx.threads,
    } satisfies DetectorConfig,
    slots: gpu.yolo.slots,
    timeoutMs: gpu.yolo.timeoutMs,
    ...gpu.recycling,
    ...confinementOf(gpu, models, slots),
    files: DETECTOR_FILES,
    env: environmentOf(gpu, models),
    logger,
  });
}

export async function createMattingPool(
  { gpu, models, onnx, slots: confinement }: PoolConfig,
  logger: Logger,
): Promise<SlotPool<RemoveBackgroundInput, RemoveBackgroundResult>> {
  const family = await findModelFamily('background-removal', MATTING_KINDS, models);
  await verifyModels(membersOf(family), models.cacheDir);
  const { useTensorRt, useFp16, slots, timeoutMs } = gpu.birefnet;
  return createSlotPool({
    name: 'birefnet',
    task: new URL('./matte/matting-task.ts', import.meta.url),
    config: {
      ...family,
      providers: providersOf(gpu, useTensorRt),
      useFp16,
      threads: onnx.threads,
    } satisfies MattingConfig,
    slots,
    timeoutMs,
    ...(useTensorRt && { startTimeoutMs: COMPILE_TIMEOUT_MS }),
    ...gpu.recycling,
    ...confinementOf(gpu, models, confinement),
    files: MATTING_FILES,
    env: environmentOf(gpu, models),
    logger,
  });
}

function providersOf({ device }: PoolConfig['gpu'], useTensorRt: boolean): ExecutionProvider[] {
  return device === NO_DEVICE ? ['cpu'] : useTensorRt ? ['tensorrt', 'cuda', 'cpu'] : ['cuda', 'cpu'];
}

type Family = Awaited<ReturnType<typeof findModelFamily>>;

function membersOf({ model, variants, starter }: Family): FoundModel[] {
  return [model, ...variants, ...(starter ? [starter] : [])];
}

function confinementOf(
  { device, libraryPath, recycling }: PoolConfig['gpu'],
  models: PoolConfig['models'],
  { confinement, scratch }: PoolConfig['slots'],
) {
  return {
    access: {
      mode: confinement,
      readable: [...foldersOf(models), ...(libraryPath?.split(':').filter(isAbsolute) ?? [])],
      writable: [engineCacheOf(models)],
      usesDevices: mayUseDevice(device),
    },
    hardMemoryMb: HARD_MEMORY_FACTOR * recycling.maxMemoryMb,
    scratch,
  };
}

/** TensorRT's. */
function engineCacheOf({ cacheDir }: PoolConfig['models']): string {
  return join(cacheDir, 'tensorrt');
}

/** ONNX Runtime for Node reads the options of TensorRT from the environment. */
function environmentOf({ device, libraryPath, birefnet }: PoolConfig['gpu'], models: PoolConfig['models']) {
  return {
    ...HUGE_PAGES,
    ...NO_TELEMETRY,
    CUDA_VISIBLE_DEVICES: device,
    ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }),
    ORT_TENSORRT_FP16_ENABLE: birefnet.useFp16 ? '1' : '0',
    ORT_TENSORRT_ENGINE_CACHE_ENABLE: '1',
    ORT_TENSORRT_CACHE_PATH: engineCacheOf(models),
  };
}
