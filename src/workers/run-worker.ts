import process from 'node:process';
import type { Config } from '../config/config.ts';
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
  await using _http = await serveWorkerHttp({ host: config.worker.host, port, metrics, health, logger });
  await using worker = await create(config, logger, metrics);
  running = worker;
  const ended = worker.run(signal);
  logger.info('Ready');
  // To the supervisor, if there is one.
  process.send?.('ready');
  await ended;
}
