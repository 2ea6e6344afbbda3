import type { Config } from '../../config.ts';
import { createSlotPool } from '../../slots/slot-pool.ts';
import type { SlotPool } from '../../slots/slot-task.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RenderedTalk, TalkProgress } from '../video-provider.ts';
import type { RenderTalkInput, RenderTaskConfig } from './render-task.ts';
import { findTalkModels } from './talk-models.ts';

/** The slots that render talks. @throws PipelineError MODEL_MISSING */
export async function createRendererPool(
  { models, render, onnx }: Pick<Config, 'models' | 'render' | 'onnx'>,
  logger: Logger,
): Promise<SlotPool<RenderTalkInput, RenderedTalk, TalkProgress>> {
  return createSlotPool({
    name: 'renderer',
    task: new URL('./render-task.ts', import.meta.url),
    config: {
      ...(await findTalkModels(models, onnx.threads)),
      longSidePx: render.longSidePx,
      mark: render.mark,
      provenance: render.provenance,
    } satisfies RenderTaskConfig,
    slots: render.slots,
    timeoutMs: render.timeoutMs,
    logger,
  });
}
