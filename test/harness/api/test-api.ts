import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Hono } from 'hono';
import { createApp } from '../../../src/api/app.ts';
import { composeApi } from '../../../src/api/compose-api.ts';
import type { ApiEnv } from '../../../src/api/http/api-env.ts';
import { createApiServer } from '../../../src/api/http/server.ts';
import type { ApiDeps } from '../../../src/api/routes/api-deps.ts';
import { API_LIMITS } from '../../../src/api/submit/limits.ts';
import type { Config } from '../../../src/config/config.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { type ApiKeys, createApiKeys } from '../../../src/storage/api-keys.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { offerProviders } from '../providers.ts';

export interface TestApi extends AsyncDisposable, Pick<ApiDeps, 'store' | 'records' | 'jobs' | 'hub'> {
  app: Hono<ApiEnv>;
  /** What it stands on, for apps that differ in something. */
  deps: ApiDeps;
  /** Of the real HTTP server on a port of its own. */
  url: string;
  /** Where the store lies. */
  root: string;
  keys: ApiKeys;
  /** Every file below the store's root, scratch files included. */
  files(): Promise<string[]>;
}

/** The whole API over a real Temporal and a store in a folder of its own. */
export async function startTestApi(
  client: Client,
  options: {
    limits?: Partial<ApiDeps['limits']>;
    defaults?: Partial<ApiDeps['defaults']>;
    /** Default: those of the registry, none of them set up. */
    providers?: ApiDeps['providers'];
    commentIntervalMs?: number;
    access?: Partial<Config['access']>;
    networks?: string[];
    /** What the disk says, where it is not to be the real one. */
    freeBytes?: () => number;
    page?: ApiDeps['page'];
    /** Of the store, where others use it too. Gone with the API. */
    root?: string;
    /** In place of one in that folder. */
    store?: ObjectStore;
  } = {},
): Promise<TestApi> {
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'limelight-api-')));
  const store = options.store ?? createFileStore({ root });
  const settings = loadConfig({ STORAGE_ROOT: root });
  const { commentIntervalMs, freeBytes, page } = options;
  const deps = composeApi({
    config: {
      ...settings,
      access: { ...settings.access, ...options.access },
      jobs: { ...settings.jobs, confThreshold: 0.5, ...options.defaults },
      outbound: { allowedNetworks: options.networks ?? [] },
      storage: { ...settings.storage, disk: { ...settings.storage.disk, floorBytes: 1e9, jobBytes: 1e8 } },
      temporal: { ...settings.temporal, webUiUrl: undefined },
    },
    client,
    store,
    providers: options.providers ?? offerProviders(),
    logger: createLogger('test', { level: 'error' }),
    limits: { ...API_LIMITS, ...options.limits },
    freeBytes: async () => freeBytes?.() ?? Number.POSITIVE_INFINITY,
    keysMaxAgeMs: 0,
    ...(commentIntervalMs !== undefined && { commentIntervalMs }),
    ...(page && { page }),
  });
  const { records, jobs, hub } = deps;
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
    keys: createApiKeys({ store }),
    async files() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name));
    },
    async [Symbol.asyncDispose]() {
      await deps[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
