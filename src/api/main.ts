/** Entry point of the API. */
import { readEnvironment } from '../config/read-environment.ts';
import { loadConfig } from '../config.ts';
import { reloadOnHangup } from '../reload-settings.ts';
import { runMain } from '../run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { giveMemoryBack } from './give-memory-back.ts';
import { runApi } from './run-api.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('api', config.log);
using _memory = giveMemoryBack();
using _reload = reloadOnHangup(config, logger);
await runMain(logger, (signal) => runApi(config, logger, signal));
