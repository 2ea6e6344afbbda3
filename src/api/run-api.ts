import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { openStore } from '../storage/open-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { assertNotRefused, openLazyClient } from '../temporal/connection.ts';
import { createTemporalGate } from '../temporal/temporal-gate.ts';
import { assertMayListen } from './access/anonymous-access.ts';
import { createApp } from './app.ts';
import { composeApi } from './compose-api.ts';
import { readPageFiles } from './http/page-files.ts';
import { createApiServer, serveUntilStopped } from './http/server.ts';
import type { OfferedProvider } from './submit/choose-provider.ts';

/** Where the setup builds the page. */
const PAGE_FOLDER = fileURLToPath(new URL('../../dist/web', import.meta.url));

/**
 * Composes the API and serves it until the signal is aborted. While Temporal is down, requests fail with a clear error. If
 * Temporal refuses the connection as it is set up, rejects with CONFIG_INVALID.
 */
export async function runApi(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  registry: readonly ProviderDescriptor[] = PROVIDERS,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  resources.use(startTracing('api', config.tracing));
  const client = openLazyClient(config.temporal);
  const store = resources.use(openStore(config.storage));
  const providers = await Promise.all(
    registry.map((descriptor) => offerProvider(descriptor, { config, client, resources })),
  );
  const page = await readPageFiles(PAGE_FOLDER);
  const api = resources.use(composeApi({ config, client, store, providers, logger, page }));
  await assertMayListen(api.access, { host: config.api.host, ...config.access });
  try {
    const server = createApiServer(createApp(api));
    const refusal = new AbortController();
    void assertNotRefused(config.temporal).catch((error) => refusal.abort(error));
    const until = AbortSignal.any([signal, refusal.signal]);
    await serveUntilStopped(server, { ...config.api, onStop: api.hub.close, logger }, until);
    refusal.signal.throwIfAborted();
  } finally {
    api.hub.close();
    await client.connection.close();
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
