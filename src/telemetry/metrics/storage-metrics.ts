import { Gauge } from 'prom-client';
import type { StorageUsage } from '../../ports/storage-usage.ts';
import type { Metrics } from './metrics.ts';

/** @param readUsage may return the result of an earlier scan. */
export function addStorageMetrics(
  { registry, beforeScrape }: Metrics,
  readUsage: () => Promise<StorageUsage>,
): void {
  const registers = [registry];
  const used = new Gauge({
    name: 'storage_used_bytes',
    help: 'Size of the stored objects',
    labelNames: ['tier'],
    registers,
  });
  const objects = new Gauge({
    name: 'limelight_storage_objects',
    help: 'Number of stored objects',
    labelNames: ['tier'],
    registers,
  });
  const free = new Gauge({
    name: 'limelight_storage_free_bytes',
    help: 'Free space of the disk under the store',
    labelNames: ['disk'],
    registers,
  });
  const total = new Gauge({
    name: 'limelight_storage_disk_bytes',
    help: 'Size of the disk under the store',
    labelNames: ['disk'],
    registers,
  });
  beforeScrape(async () => {
    const { tiers, disk } = await readUsage();
    for (const [tier, { files, bytes }] of Object.entries(tiers)) {
      used.set({ tier }, bytes);
      objects.set({ tier }, files);
    }
    if (disk) {
      free.set({ disk: 'store' }, disk.freeBytes);
      total.set({ disk: 'store' }, disk.totalBytes);
    }
  });
}
