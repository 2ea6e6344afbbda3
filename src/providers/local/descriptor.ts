import { QUEUES } from '../../contracts/queues.ts';
import type { LocalProviderDescriptor } from '../../ports/provider.ts';

export const local: LocalProviderDescriptor = {
  kind: 'local',
  name: 'local',
  label: 'the built-in renderer',
  capabilities: { transparentBackground: true },
  queue: QUEUES.render,
  isInstalled: async () => true,
};

/** The same renderer with a mouth drawn by a network. */
export const lipSync: LocalProviderDescriptor = {
  kind: 'local',
  name: 'lip-sync',
  label: 'the lip-sync network',
  capabilities: { transparentBackground: true },
  queue: QUEUES.lipSync,
  async isInstalled(models) {
    const { findModelFile, LIP_SYNC_KINDS } = await import('../../models/find-model.ts');
    // If the folder has faults, the worker reports them when a job comes.
    const file = await findModelFile('lip-sync', LIP_SYNC_KINDS, models).catch(() => undefined);
    return file !== undefined;
  },
};
