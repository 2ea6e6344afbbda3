import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Hono } from 'hono';
import { type AccessSettings, createAccess } from '../../../src/api/access/access.ts';
import { createApp } from '../../../src/api/app.ts';
import type { ApiEnv } from '../../../src/api/http/api-env.ts';
import type { PageFile } from '../../../src/api/http/page-files.ts';
import { createApiServer } from '../../../src/api/http/server.ts';
import { createProgressHub, type ProgressHub } from '../../../src/api/progress/progress-hub.ts';
import type { ApiDeps } from '../../../src/api/routes/api-deps.ts';
import { createAdmission } from '../../../src/api/submit/admission.ts';
import type { OfferedProvider } from '../../../src/api/submit/choose-provider.ts';
import type { JobDefaults } from '../../../src/api/submit/job-form.ts';
import { API_LIMITS, type ApiLimits } from '../../../src/api/submit/limits.ts';
import { toNetworks } from '../../../src/outbound/networks.ts';
import { createOutbound } from '../../../src/outbound/outbound.ts';
import type { JobClient } from '../../../src/ports/job-client.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { TaskRecords } from '../../../src/ports/task-records.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { type ApiKeys, createApiKeys } from '../../../src/storage/api-keys.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { createLinkSecret } from '../../../src/storage/link-secret.ts';
import { createStorageUsage } from '../../../src/storage/storage-usage.ts';
import { createTaskRecords } from '../../../src/storage/task-records.ts';
import { createWebhookSecrets } from '../../../src/storage/webhook-secrets.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createApiMetrics } from '../../../src/telemetry/metrics/api-metrics.ts';
import { createRetentionRuns } from '../../../src/temporal/retention-runs.ts';
import { createTemporalDeliveries } from '../../../src/temporal/temporal-deliveries.ts';
import { createTemporalJobs } from '../../../src/temporal/temporal-jobs.ts';
import { createTemporalModels } from '../../../src/temporal/temporal-models.ts';
import { createTemporalStatistics } from '../../../src/temporal/temporal-statistics.ts';
import { createTemporalTimeline } from '../../../src/temporal/temporal-timeline.ts';
import { offerProviders } from '../providers.ts';

export interface TestApi extends AsyncDisposable {
  app: Hono<ApiEnv>;
  /** What it stands on, for apps that differ in something. */
  deps: ApiDeps;
  /** Of the real HTTP server on a port of its own. */
  url: string;
  store: ObjectStore;
  /** Where the store lies. */
  root: string;
  records: TaskRecords;
  jobs: JobClient;
  hub: ProgressHub;
  keys: ApiKeys;
  /** Every file below the store's root, scratch files included. */
  files(): Promise<string[]>;
}

/** The whole API over a real Temporal and a store in a folder of its own. */
export async function startTestApi(
  client: Client,
  options: {
    limits?: Partial<ApiLimits>;
    defaults?: Partial<JobDefaults>;
    /** Default: those of the registry, none of them set up. */
    providers?: readonly OfferedProvider[];
    commentIntervalMs?: number;
    access?: Partial<AccessSettings>;
    networks?: string[];
    /** What the disk says, where it is not to be the real one. */
    freeBytes?: () => number;
    page?: ReadonlyMap<string, PageFile>;
    /** Of the store, where others use it too. Gone with the API. */
    root?: string;
  } = {},
): Promise<TestApi> {
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'limelight-api-')));
  const logger = createLogger('test', { level: 'error' });
  const store = createFileStore({ root });
  const records = createTaskRecords({ store });
  const jobs = createTemporalJobs({ client });
  const { commentIntervalMs } = options;
  const hub = createProgressHub({ jobs, records, logger, ...(commentIntervalMs && { commentIntervalMs }) });
  const outbound = createOutbound({ allowed: toNetworks(options.networks ?? []) });
  const keys = createApiKeys({ store });
  const access = createAccess({
    host: '127.0.0.1',
    settings: { ...loadConfig({}).access, ...options.access },
    keys,
    linkSecret: createLinkSecret({ store }),
    jobs,
    records,
    keysMaxAgeMs: 0,
  });
  const limits = { ...API_LIMITS, ...options.limits };
  const statistics = createTemporalStatistics({ client });
  const storageUsage = createStorageUsage({ store, root });
  const deps: ApiDeps = {
    ...createApiMetrics({
      statistics,
      storageUsage,
      readers: () => hub.readers,
      providers: [],
    }),
    store,
    records,
    jobs,
    models: createTemporalModels({ client }),
    statistics,
    timelines: createTemporalTimeline({ client }),
    retentionRuns: createRetentionRuns({ client }),
    hub,
    access,
    admission: createAdmission({
      freeBytes: async () => options.freeBytes?.() ?? Number.POSITIVE_INFINITY,
      countRunning: () => statistics.countRunning(),
      floorBytes: 1e9,
      jobBytes: 1e8,
    }),
    storageUsage,
    outbound,
    deliveries: createTemporalDeliveries({ client }),
    webhookSecrets: createWebhookSecrets({ store }),
    limits,
    providers: options.providers ?? offerProviders(),
    defaults: { confThreshold: 0.5, ...options.defaults },
    logger,
    ...(options.page && { page: options.page }),
  };
  const app = createApp(deps);
  const server = createApiServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    app,
    deps,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    root,
    records,
    jobs,
    hub,
    keys,
    async files() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name));
    },
    async [Symbol.asyncDispose]() {
      hub.close();
      await outbound[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
