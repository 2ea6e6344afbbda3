/** Entry point of the io worker: workflows, short activities, decoding and the built-in renderer. */

import { readEnvironment } from '../config/read-environment.ts';
import { loadConfig } from '../process/load-config.ts';
import { reloadOnHangup } from '../process/reload-settings.ts';
import { runMain } from '../process/run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createIoWorker } from './io-worker.ts';
import { runWorker } from './run-worker.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('io', config.log);
using _reload = reloadOnHangup(config, logger);
const role = { name: 'io', port: config.worker.ioPort, create: createIoWorker } as const;
await runMain(logger, (signal) => runWorker(role, config, logger, signal));
