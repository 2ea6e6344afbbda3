/** The pools of a GPU worker. The models are found here, once, so that a missing one is told before any slot starts. */
import type { Config } from '../config.ts';
import { createSlotPool } from '../slots/slot-pool.ts';
import type { SlotPool } from '../slots/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DetectorConfig } from './detector-task.ts';
import { findModel } from './find-model.ts';
import { MATTING_KINDS } from './matting-output.ts';
import type { MattingConfig } from './matting-task.ts';
import type {
  DetectPersonsInput,
  DetectPersonsResult,
  RemoveBackgroundInput,
  RemoveBackgroundResult,
} from './tasks.ts';
import { YOLO_KINDS } from './yolo-output.ts';

type PoolConfig = Pick<Config, 'gpu' | 'models' | 'onnx'>;

export async function createDetectorPool(
  { gpu, models, onnx }: PoolConfig,
  logger: Logger,
): Promise<SlotPool<DetectPersonsInput, DetectPersonsResult>> {
  const model = await findModel('person-detection', YOLO_KINDS, models);
  return createSlotPool({
    name: 'yolo',
    task: new URL('./detector-task.ts', import.meta.url),
    config: { model, threads: onnx.threads } satisfies DetectorConfig,
    slots: gpu.yolo.slots,
    timeoutMs: gpu.yolo.timeoutMs,
    env: { CUDA_VISIBLE_DEVICES: gpu.device },
    logger,
  });
}

export async function createMattingPool(
  { gpu, models, onnx }: PoolConfig,
  logger: Logger,
): Promise<SlotPool<RemoveBackgroundInput, RemoveBackgroundResult>> {
  const model = await findModel('background-removal', MATTING_KINDS, models);
  return createSlotPool({
    name: 'birefnet',
    task: new URL('./matting-task.ts', import.meta.url),
    config: { model, threads: onnx.threads } satisfies MattingConfig,
    slots: gpu.birefnet.slots,
    timeoutMs: gpu.birefnet.timeoutMs,
    env: { CUDA_VISIBLE_DEVICES: gpu.device },
    logger,
  });
}
