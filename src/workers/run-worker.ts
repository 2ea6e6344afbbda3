import process from 'node:process';
import type { Config } from '../config/config.ts';
import { parseBearer } from '../contracts/api-key.ts';
import { isLoopback } from '../outbound/networks.ts';
import type { Keyring } from '../ports/keyring.ts';
import { createApiKeys } from '../storage/api-keys.ts';
import { createKeyring } from '../storage/keyring.ts';
import { openStore } from '../storage/open-store.ts';
import { createPromptStore } from '../storage/prompt-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics/metrics.ts';
import { readSdkMetrics } from '../telemetry/metrics/sdk-metrics.ts';
import { installRuntime, type RunningWorker, type WorkerHealth } from './lifecycle.ts';
import { serveWorkerHttp } from './worker-http.ts';

export interface WorkerRole {
  /** Name of the process in logs and metrics. */
  name: 'io' | 'gpu';
  /** Port for health and metrics. */
  port: number;
  create(config: Config, logger: Logger, metrics: Metrics): Promise<RunningWorker>;
}

/** Runs a worker process, and serves its health from the start until it has drained. */
export async function runWorker(
  { name, port, create }: WorkerRole,
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const sdkAddress = await installRuntime(logger);
  const metrics = createMetrics(name, () => readSdkMetrics(sdkAddress));
  let running: RunningWorker | undefined;
  const health = async (): Promise<WorkerHealth> => {
    if (signal.aborted) {
      return { isReady: false, reason: 'It is draining: work in progress is finished or handed back' };
    }
    return running ? running.health() : { isReady: false, reason: 'It is starting' };
  };
  using store = openStore(config.storage);
  const keyring = createKeyring({ keys: createApiKeys({ store: createPromptStore(store) }) });
  const { host } = config.worker;
  const isOpen = isLoopback(host) || config.access.allowsAnonymousAccess;
  await using _http = await serveWorkerHttp({
    host,
    port,
    metrics,
    health,
    mayReadMetrics: (authorization) => mayReadMetrics(keyring, authorization, isOpen),
    logger,
  });
  await using worker = await create(config, logger, metrics);
  running = worker;
  const ended = worker.run(signal);
  logger.info('Ready');
  // To the supervisor, if there is one.
  process.send?.('ready');
  await ended;
}

/** The same rule as for the API: once there are keys, one with the scope `metrics` is needed. */
export async function mayReadMetrics(
  keyring: Pick<Keyring, 'find' | 'isEmpty'>,
  authorization: string | undefined,
  isOpenWithoutKeys: boolean,
): Promise<boolean> {
  if (await keyring.isEmpty()) {
    return isOpenWithoutKeys;
  }
  const secret = parseBearer(authorization ?? '');
  const key = secret === undefined ? undefined : await keyring.find(secret);
  return key !== undefined && (key.scopes.includes('metrics') || key.scopes.includes('admin'));
}
