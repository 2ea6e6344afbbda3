import type { Logger } from '../telemetry/logger.ts';
import { readDisk } from './storage-usage.ts';

interface DiskWatchOptions {
  /** A folder of the disk. */
  root: string;
  minFreeBytes: number;
  /** Called when there is less, and again after `repeatMs` while that lasts. */
  onLow(freeBytes: number): Promise<void>;
  logger: Logger;
  /** Default: a minute. */
  everyMs?: number;
  /** Default: ten minutes. */
  repeatMs?: number;
}

/** Looks at the disk until it is disposed of. */
export function watchDisk({
  root,
  minFreeBytes,
  onLow,
  logger,
  everyMs = 60_000,
  repeatMs = 600_000,
}: DiskWatchOptions): Disposable {
  let toldAt = Number.NEGATIVE_INFINITY;
  const look = async () => {
    const { freeBytes } = await readDisk(root);
    if (freeBytes >= minFreeBytes) {
      toldAt = Number.NEGATIVE_INFINITY;
    } else if (performance.now() - toldAt >= repeatMs) {
      toldAt = performance.now();
      logger.warn(
        { freeGb: freeBytes / 1e9, minFreeGb: minFreeBytes / 1e9 },
        'The disk is nearly full: the retention runs early',
      );
      await onLow(freeBytes);
    }
  };
  const lookQuietly = () => {
    look().catch((err) => logger.warn({ err }, 'The disk could not be looked after'));
  };
  lookQuietly();
  const timer = setInterval(lookQuietly, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
