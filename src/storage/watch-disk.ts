import type { Logger } from '../telemetry/logger.ts';
import { readDisk } from './storage-usage.ts';

interface DiskWatchOptions {
  /** A folder of the disk. */
  root: string;
  minFreeBytes: number;
  /** Called when less space is free, and again every `repeatMs` while that lasts. */
  onLow(freeBytes: number): Promise<void>;
  logger: Logger;
  /** Default: a minute. */
  intervalMs?: number;
  /** Default: ten minutes. */
  repeatMs?: number;
}

/** Checks the free space of a disk until disposed. */
export function watchDisk({
  root,
  minFreeBytes,
  onLow,
  logger,
  intervalMs = 60_000,
  repeatMs = 600_000,
}: DiskWatchOptions): Disposable {
  let warnedAt = Number.NEGATIVE_INFINITY;
  const checkDisk = async () => {
    const { freeBytes } = await readDisk(root);
    if (freeBytes >= minFreeBytes) {
      warnedAt = Number.NEGATIVE_INFINITY;
    } else if (performance.now() - warnedAt >= repeatMs) {
      warnedAt = performance.now();
      logger.warn(
        { freeGb: freeBytes / 1e9, minFreeGb: minFreeBytes / 1e9 },
        'The disk is nearly full: retention runs early',
      );
      await onLow(freeBytes);
    }
  };
  const check = () => {
    checkDisk().catch((err) => logger.warn({ err }, 'The free space could not be checked'));
  };
  check();
  const timer = setInterval(check, intervalMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
