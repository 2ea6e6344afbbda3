import type { Config } from '../../config.ts';
import { FACE_KINDS } from '../../inference/face-detector.ts';
import { LANDMARK_KINDS } from '../../inference/face-landmarks.ts';
import { findModel } from '../../inference/find-model.ts';
import { createSlotPool } from '../../slots/slot-pool.ts';
import type { SlotPool } from '../../slots/slot-task.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RenderedTalk, TalkProgress } from '../video-provider.ts';
import type { RenderTalkInput, RenderTaskConfig } from './render-task.ts';

/** The slots that render talks. @throws PipelineError MODEL_MISSING */
export async function createRendererPool(
  { models, render, onnx }: Pick<Config, 'models' | 'render' | 'onnx'>,
  logger: Logger,
): Promise<SlotPool<RenderTalkInput, RenderedTalk, TalkProgress>> {
  const config: RenderTaskConfig = {
    faceDetection: await findModel('face-detection', FACE_KINDS, models),
    faceLandmarks: await findModel('face-landmarks', LANDMARK_KINDS, models),
    threads: onnx.threads,
  };
  return createSlotPool({
    name: 'renderer',
    task: new URL('./render-task.ts', import.meta.url),
    config,
    slots: render.slots,
    timeoutMs: render.timeoutMs,
    logger,
  });
}
