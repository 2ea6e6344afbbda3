import { createAccess } from '../../../src/api/access/access.ts';
import type { ApiDeps } from '../../../src/api/routes/api-deps.ts';
import { API_LIMITS } from '../../../src/api/submit/limits.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { offerProviders } from '../providers.ts';

/** For an app that is only asked to describe itself: whatever else it is asked fails. */
export function describedApi(): ApiDeps {
  const nothing = (part: string) =>
    new Proxy({} as never, {
      get: (_, name) => {
        throw new Error(`${part}.${String(name)} is not there for an API that only describes itself`);
      },
    });
  return {
    store: nothing('store'),
    records: nothing('records'),
    names: nothing('names'),
    jobs: nothing('jobs'),
    models: nothing('models'),
    previews: nothing('previews'),
    statistics: nothing('statistics'),
    timelines: nothing('timelines'),
    retentionRuns: nothing('retentionRuns'),
    hub: nothing('hub'),
    metrics: nothing('metrics'),
    requests: { answered() {} },
    access: createAccess({
      host: '127.0.0.1',
      settings: loadConfig({}).access,
      keyring: {
        find: async () => undefined,
        findActive: async () => undefined,
        isEmpty: async () => true,
      },
      linkSecret: nothing('linkSecret'),
      jobs: nothing('jobs'),
      records: nothing('records'),
    }),
    admission: nothing('admission'),
    assertStorage: nothing('assertStorage'),
    storageUsage: nothing('storageUsage'),
    outbound: nothing('outbound'),
    deliveries: nothing('deliveries'),
    webhookSecrets: nothing('webhookSecrets'),
    limits: API_LIMITS,
    providers: offerProviders(),
    defaults: { confThreshold: 0.5, longSidePx: 720 },
    logger: createLogger('test', { level: 'silent' }),
  };
}
