import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { toNetworks } from '../outbound/networks.ts';
import { createOutbound } from '../outbound/outbound.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { createApiKeys } from '../storage/api-keys.ts';
import { createLinkSecret } from '../storage/link-secret.ts';
import { openStore } from '../storage/open-store.ts';
import { createStorageUsage, readDisk } from '../storage/storage-usage.ts';
import { createTaskRecords } from '../storage/task-records.ts';
import { createWebhookSecrets } from '../storage/webhook-secrets.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createApiMetrics } from '../telemetry/metrics/api-metrics.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { openLazyConnection, temporalAddress } from '../temporal/connection.ts';
import { createRetentionRuns } from '../temporal/retention-runs.ts';
import { createTemporalDeliveries } from '../temporal/temporal-deliveries.ts';
import { createTemporalGate } from '../temporal/temporal-gate.ts';
import { createTemporalJobs } from '../temporal/temporal-jobs.ts';
import { createTemporalModels } from '../temporal/temporal-models.ts';
import { createTemporalStatistics } from '../temporal/temporal-statistics.ts';
import { createTemporalTimeline } from '../temporal/temporal-timeline.ts';
import { createAccess } from './access/access.ts';
import { assertMayListen } from './access/anonymous-access.ts';
import { createApp } from './app.ts';
import { readPageFiles } from './http/page-files.ts';
import { createApiServer, serveUntilStopped } from './http/server.ts';
import { createProgressHub } from './progress/progress-hub.ts';
import { createAdmission } from './submit/admission.ts';
import type { OfferedProvider } from './submit/choose-provider.ts';
import { API_LIMITS } from './submit/limits.ts';

/** Where the setup builds the page. */
const PAGE_FOLDER = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Composes the API and serves it until the signal is aborted. While Temporal is down, requests fail with a clear error. */
export async function runApi(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  registry: readonly ProviderDescriptor[] = PROVIDERS,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  resources.use(startTracing('api', config.tracing));
  const connection = openLazyConnection(temporalAddress(config.temporal));
  const store = resources.use(openStore(config.storage));
  const records = createTaskRecords({ store, logger });
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const jobs = createTemporalJobs({ client });
  const hub = createProgressHub({ jobs, records, logger });
  const access = createAccess({
    host: config.api.host,
    settings: config.access,
    keys: createApiKeys({ store }),
    linkSecret: createLinkSecret({ store }),
    jobs,
    records,
  });
  await assertMayListen(access, { host: config.api.host, ...config.access });
  const providers = await Promise.all(
    registry.map((descriptor) => offerProvider(descriptor, { config, client, resources })),
  );
  const { root } = config.storage;
  const statistics = createTemporalStatistics({ client });
  const storageUsage = createStorageUsage({ store, root });
  const observed = createApiMetrics({
    statistics,
    storageUsage,
    readers: () => hub.readers,
    providers: providers.flatMap(({ descriptor: { name }, remote }) => (remote ? [{ name, ...remote }] : [])),
  });
  const { webUiUrl } = config.temporal;
  const app = createApp({
    ...observed,
    store,
    records,
    jobs,
    models: createTemporalModels({ client }),
    statistics,
    timelines: createTemporalTimeline({ client }),
    retentionRuns: createRetentionRuns({ client }),
    providers,
    hub,
    access,
    admission: createAdmission({
      ...config.storage.disk,
      freeBytes: async () => (await readDisk(root)).freeBytes,
      countRunning: () => statistics.countRunning(),
    }),
    storageUsage,
    outbound: resources.use(createOutbound({ allowed: toNetworks(config.outbound.allowedNetworks) })),
    deliveries: createTemporalDeliveries({ client }),
    webhookSecrets: createWebhookSecrets({ store }),
    limits: API_LIMITS,
    defaults: {
      ...config.jobs,
      // May be reloaded, so it is read for each job.
      get confThreshold() {
        return config.jobs.confThreshold;
      },
    },
    page: readPageFiles(PAGE_FOLDER),
    ...(webUiUrl && { webUi: { url: webUiUrl, namespace: config.temporal.namespace } }),
    logger,
  });
  try {
    await serveUntilStopped(createApiServer(app), { ...config.api, onStop: hub.close, logger }, signal);
  } finally {
    hub.close();
    await connection.close();
  }
}

interface OfferDeps {
  config: Pick<Config, 'models' | 'providers'>;
  client: Client;
  /** Owns the connections to remote providers. */
  resources: AsyncDisposableStack;
}

/** A provider as this server has it, by its settings and models. */
export async function offerProvider(
  descriptor: ProviderDescriptor,
  { config, client, resources }: OfferDeps,
): Promise<OfferedProvider> {
  if (descriptor.kind === 'local') {
    return { descriptor, isAvailable: await descriptor.isInstalled(config.models) };
  }
  const settings = config.providers[descriptor.name];
  if (!settings) {
    return { descriptor, isAvailable: false };
  }
  return {
    descriptor,
    isAvailable: true,
    remote: {
      account: resources.use(await descriptor.open(settings)),
      gate: createTemporalGate({ client, provider: descriptor.name }),
      webhookSecret: settings.webhookSecret,
    },
  };
}
