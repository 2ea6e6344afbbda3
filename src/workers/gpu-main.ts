/** Entry point of the GPU worker: one per device and host. */
import { loadConfig, readEnvironment } from '../config.ts';
import { runMain } from '../run-main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createGpuWorker } from './gpu-worker.ts';
import { installRuntime } from './lifecycle.ts';

const config = loadConfig(readEnvironment());
const logger = createLogger('gpu', config.log);
installRuntime(logger);
await runMain(logger, async (signal) => {
  await using worker = await createGpuWorker(config, logger);
  logger.info('Ready');
  await worker.run(signal);
});
