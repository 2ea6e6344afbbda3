import type { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { toNetworks } from '../outbound/networks.ts';
import { createOutbound } from '../outbound/outbound.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { createApiKeys } from '../storage/api-keys.ts';
import { assertAvailable } from '../storage/assert-available.ts';
import { createKeyring } from '../storage/keyring.ts';
import { createLinkSecret } from '../storage/link-secret.ts';
import { createPromptStore } from '../storage/prompt-store.ts';
import { createStorageUsage, readDisk } from '../storage/storage-usage.ts';
import { createTaskNames } from '../storage/task-names.ts';
import { createTaskRecords } from '../storage/task-records.ts';
import { createWebhookSecrets } from '../storage/webhook-secrets.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createApiMetrics } from '../telemetry/metrics/api-metrics.ts';
import { createRetentionRuns } from '../temporal/retention-runs.ts';
import { createTemporalDeliveries } from '../temporal/temporal-deliveries.ts';
import { createTemporalJobs } from '../temporal/temporal-jobs.ts';
import { createTemporalModels } from '../temporal/temporal-models.ts';
import { createTemporalPreviews } from '../temporal/temporal-previews.ts';
import { createTemporalStatistics } from '../temporal/temporal-statistics.ts';
import { createTemporalTimeline } from '../temporal/temporal-timeline.ts';
import { createAccess } from './access/access.ts';
import type { PageFile } from './http/page-files.ts';
import { createProgressHub } from './progress/progress-hub.ts';
import type { ApiDeps } from './routes/api-deps.ts';
import { createAdmission } from './submit/admission.ts';
import type { OfferedProvider } from './submit/choose-provider.ts';
import { API_LIMITS, type ApiLimits } from './submit/limits.ts';

export interface ComposeOptions {
  config: Pick<Config, 'access' | 'api' | 'jobs' | 'outbound' | 'storage' | 'temporal' | 'publicUrl'>;
  client: Client;
  store: ObjectStore;
  providers: readonly OfferedProvider[];
  logger: Logger;
  page?: ReadonlyMap<string, PageFile>;
  limits?: ApiLimits;
  /** Default: that of the disk with the storage folder. */
  freeBytes?: () => Promise<number>;
  /** See `createProgressHub`. */
  commentIntervalMs?: number;
  /** See `createKeyring`. */
  keysMaxAgeMs?: number;
}

/** The parts of an API over a store and Temporal, and what must be closed with it. */
export function composeApi(options: ComposeOptions): ApiDeps & AsyncDisposable {
  const { config, client, providers, logger, page, commentIntervalMs, keysMaxAgeMs } = options;
  const store = createPromptStore(options.store);
  const assertStorage = () => assertAvailable(store);
  const { root, disk } = config.storage;
  const { freeBytes = async () => (await readDisk(root)).freeBytes } = options;
  const records = createTaskRecords({ store, logger });
  const jobs = createTemporalJobs({ client });
  const hub = createProgressHub({
    jobs,
    records,
    logger,
    ...(commentIntervalMs !== undefined && { commentIntervalMs }),
  });
  const statistics = createTemporalStatistics({ client });
  const storageUsage = createStorageUsage({ store, root });
  const outbound = createOutbound({ allowed: toNetworks(config.outbound.allowedNetworks) });
  const { webUiUrl, namespace } = config.temporal;
  return {
    ...createApiMetrics({
      statistics,
      storageUsage,
      assertStorage,
      readers: () => hub.readers,
      providers: providers.flatMap(({ descriptor: { name }, remote }) =>
        remote ? [{ name, ...remote }] : [],
      ),
    }),
    store,
    records,
    names: createTaskNames({ store }),
    jobs,
    models: createTemporalModels({ client }),
    previews: createTemporalPreviews({ client }),
    statistics,
    timelines: createTemporalTimeline({ client }),
    retentionRuns: createRetentionRuns({ client }),
    providers,
    hub,
    access: createAccess({
      host: config.api.host,
      settings: config.access,
      keyring: createKeyring({
        keys: createApiKeys({ store }),
        ...(keysMaxAgeMs !== undefined && { maxAgeMs: keysMaxAgeMs }),
      }),
      linkSecret: createLinkSecret({ store }),
      jobs,
      records,
    }),
    admission: createAdmission({
      ...disk,
      assertStorage,
      freeBytes,
      countRunning: () => statistics.countRunning(),
    }),
    assertStorage,
    storageUsage,
    outbound,
    deliveries: createTemporalDeliveries({ client }),
    webhookSecrets: createWebhookSecrets({ store }),
    limits: options.limits ?? API_LIMITS,
    defaults: {
      ...config.jobs,
      // May be reloaded, so it is read for each job.
      get confThreshold() {
        return config.jobs.confThreshold;
      },
    },
    ...(page && { page }),
    ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
    ...(webUiUrl && { webUi: { url: webUiUrl, namespace } }),
    logger,
    async [Symbol.asyncDispose]() {
      hub.close();
      await outbound[Symbol.asyncDispose]();
    },
  };
}
