/** Entry point of the GPU worker: one per device and host. */

import { readEnvironment } from '../config/read-environment.ts';
import { loadConfig } from '../process/load-config.ts';
import { reloadOnHangup } from '../process/reload-settings.ts';
import { runMain } from '../process/run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createGpuWorker } from './gpu-worker.ts';
import { runWorker } from './run-worker.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('gpu', config.log);
using _reload = reloadOnHangup(config, logger);
const role = { name: 'gpu', port: config.worker.gpuPort, create: createGpuWorker } as const;
await runMain(logger, (signal) => runWorker(role, config, logger, signal));
