import { QUEUES } from '../../contracts/queues.ts';
import { ignoreFailure } from '../../errors.ts';
import type { FoundModel } from '../../models/find-model.ts';
import type { LocalProviderDescriptor, RendererConfig, RendererPool } from '../../ports/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';

export const local: LocalProviderDescriptor = {
  kind: 'local',
  name: 'local',
  label: 'the built-in renderer',
  capabilities: { transparentBackground: true },
  queue: QUEUES.render,
  isInstalled: async () => true,

  async producerVersion({ models: folders, render: { longSidePx, mark, provenance } }) {
    const { findTalkModels } = await import('./talk-models.ts');
    const found = await ignoreFailure(findTalkModels(folders, 1), 'a machine without models renders nothing');
    if (!found) {
      return undefined;
    }
    const models = [found.faceDetection, found.faceLandmarks, found.mouthCover].map(toModelVersion);
    return [...models, found.voiceActivity?.digest ?? '', longSidePx, mark, provenance].join('/');
  },

  async openPool(config: RendererConfig, logger: Logger): Promise<RendererPool> {
    const { createRendererPool } = await import('./renderer-pool.ts');
    return createRendererPool(config, logger);
  },

  async createRenderer(pool) {
    const { createLocalProvider } = await import('./local-provider.ts');
    return createLocalProvider({ name: 'local', pool });
  },
};

/** The same renderer with a mouth drawn by a network. Its videos are not cached. */
export const lipSync: LocalProviderDescriptor = {
  kind: 'local',
  name: 'lip-sync',
  label: 'the lip-sync network',
  capabilities: { transparentBackground: true },
  queue: QUEUES.lipSync,

  async isInstalled(models) {
    const { findModelFile, LIP_SYNC_KINDS } = await import('../../models/find-model.ts');
    const found = findModelFile('lip-sync', LIP_SYNC_KINDS, models);
    const file = await ignoreFailure(found, 'the worker reports a faulty folder when it starts');
    return file !== undefined;
  },

  producerVersion: async () => undefined,

  async openPool(config: RendererConfig, logger: Logger): Promise<RendererPool | undefined> {
    const { createLipSyncPool } = await import('./renderer-pool.ts');
    return createLipSyncPool(config, logger);
  },

  async createRenderer(pool) {
    const { createLocalProvider } = await import('./local-provider.ts');
    return createLocalProvider({ name: 'lip-sync', pool });
  },
};

function toModelVersion({ contract, revision, digest }: FoundModel): string {
  return `${contract.name}/${revision ?? ''}/${digest}`;
}
