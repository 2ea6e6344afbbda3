import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { openStore } from '../storage/open-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { openLazyConnection, temporalAddress } from '../temporal/connection.ts';
import { createTemporalGate } from '../temporal/temporal-gate.ts';
import { assertMayListen } from './access/anonymous-access.ts';
import { createApp } from './app.ts';
import { composeApi } from './compose-api.ts';
import { readPageFiles } from './http/page-files.ts';
import { createApiServer, serveUntilStopped } from './http/server.ts';
import type { OfferedProvider } from './submit/choose-provider.ts';

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
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const providers = await Promise.all(
    registry.map((descriptor) => offerProvider(descriptor, { config, client, resources })),
  );
  const page = readPageFiles(PAGE_FOLDER);
  const api = resources.use(composeApi({ config, client, store, providers, logger, page }));
  await assertMayListen(api.access, { host: config.api.host, ...config.access });
  try {
    const server = createApiServer(createApp(api));
    await serveUntilStopped(server, { ...config.api, onStop: api.hub.close, logger }, signal);
  } finally {
    api.hub.close();
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
