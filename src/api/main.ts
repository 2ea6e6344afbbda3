/** Entry point of the API. */

import { readEnvironment } from '../config/read-environment.ts';
import { loadConfig } from '../process/load-config.ts';
import { reloadOnHangup } from '../process/reload-settings.ts';
import { runMain } from '../process/run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { runApi } from './run-api.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('api', config.log);
using _reload = reloadOnHangup(config, logger);
await runMain(logger, (signal) => runApi(config, logger, signal));
