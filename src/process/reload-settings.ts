import type { Config } from '../config/config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import type { Logger } from '../telemetry/logger.ts';
import { loadConfig } from './load-config.ts';

/** Settings that may change while a process runs, because nothing is built from them at the start. */
export const RELOADABLE = ['LOG_LEVEL', 'YOLO_CONFIDENCE_THRESHOLD'] as const;

/**
 * Reads the settings again at SIGHUP and copies the reloadable ones into `config`, the object that the process uses. Logs
 * which other changes wait for a restart. Invalid settings change nothing.
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
      logger.error({ err: error }, 'The settings are invalid and were not reloaded');
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
