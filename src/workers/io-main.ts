/** Entry point of the io worker: workflows, short activities, decoding and the built-in renderer. */
import { loadConfig, readEnvironment } from '../config.ts';
import { runMain } from '../run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createIoWorker } from './io-worker.ts';
import { installRuntime } from './lifecycle.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('io', config.log);
installRuntime(logger);
await runMain(logger, async (signal) => {
  await using worker = await createIoWorker(config, logger);
  logger.info('Ready');
  await worker.run(signal);
});
