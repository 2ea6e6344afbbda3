import type { Config } from '../config/config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import type { Logger } from '../telemetry/logger.ts';
import { loadConfig } from './load-config.ts';

/** What may change in a process that runs: nothing was built from it at the start. */
export const RELOADABLE = ['LOG_LEVEL', 'YOLO_CONFIDENCE_THRESHOLD'] as const;

/**
 * At SIGHUP the settings are read again: what is reloadable is taken over into `config`, which is the one that the process
 * works with. Of anything else that changed the log says that it waits for a restart. Settings with a fault change nothing.
 */
export function reloadOnHangup(
  config: Config,
  logger: Logger,
  read: () => Record<string, string | undefined> = readEnvironment,
): Disposable {
  const reload = () => {
    let next: Config;
    try {
      next = loadConfig(read());
    } catch (error) {
      logger.error({ err: error }, 'The settings were not reloaded: they have faults');
      return;
    }
    logger.level = next.log.level;
    config.log.level = next.log.level;
    config.jobs.confThreshold = next.jobs.confThreshold;
    const waiting = (Object.keys(next) as Array<keyof Config>).filter(
      (part) => JSON.stringify(next[part]) !== JSON.stringify(config[part]),
    );
    logger.info(
      { waiting },
      waiting.length > 0 ? 'Settings reloaded; some wait for a restart' : 'Settings reloaded',
    );
  };
  process.on('SIGHUP', reload);
  return { [Symbol.dispose]: () => process.off('SIGHUP', reload) };
}
