import { NO_TELEMETRY } from '../../inference/runtime/environment.ts';
import { findModelFile, foldersOf, LIP_SYNC_KINDS } from '../../models/find-model.ts';
import { verifyModels } from '../../models/verify-models.ts';
import type { RendererConfig, RendererPool } from '../../ports/provider.ts';
import { createSlotPool } from '../../slots/slot-pool.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RenderTaskConfig } from './render-task.ts';
import { findTalkModels } from './talk-models.ts';

/** Slots that render talks. @throws PipelineError MODEL_MISSING */
export async function createRendererPool(config: RendererConfig, logger: Logger): Promise<RendererPool> {
  return createPool('renderer', config, config.render.slots, await planOf(config), logger);
}

/**
 * One slot with a lip-sync network.
 * @returns undefined if there is no lip-sync model
 * @throws PipelineError MODEL_MISSING if another model is missing
 */
export async function createLipSyncPool(
  config: RendererConfig,
  logger: Logger,
): Promise<RendererPool | undefined> {
  const lipSync = await findModelFile('lip-sync', LIP_SYNC_KINDS, config.models);
  if (!lipSync) {
    return undefined;
  }
  await verifyModels([lipSync], config.models.cacheDir);
  return createPool('lip-sync', config, 1, { ...(await planOf(config)), lipSync }, logger);
}

async function planOf({ models, render, onnx }: RendererConfig): Promise<RenderTaskConfig> {
  const { longSidePx, mark, provenance } = render;
  const { threads, ...found } = await findTalkModels(models, onnx.threads);
  await verifyModels(Object.values(found), models.cacheDir);
  return { ...found, threads, longSidePx, mark, provenance };
}

function createPool(
  name: string,
  { render, models, slots: { confinement, scratch } }: RendererConfig,
  slots: number,
  config: RenderTaskConfig,
  logger: Logger,
): RendererPool {
  return createSlotPool({
    name,
    task: new URL('./render-task.ts', import.meta.url),
    config,
    slots,
    timeoutMs: render.timeoutMs,
    files: {
      reads: ['portraitPath', 'platePath', 'maskPath', 'photoPath', 'voicePath'],
      writes: ['videoPath'],
      growing: 'partsFolder',
    },
    // Some encode video.
    access: { mode: confinement, readable: foldersOf(models), usesDevices: true },
    scratch,
    env: NO_TELEMETRY,
    logger,
  });
}
