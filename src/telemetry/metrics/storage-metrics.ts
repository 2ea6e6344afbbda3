import { Gauge } from 'prom-client';
import type { StorageUsage } from '../../ports/storage-usage.ts';
import type { Metrics } from './metrics.ts';

export interface StorageMetricsDeps {
  /** May return the result of an earlier scan. */
  storageUsage: () => Promise<StorageUsage>;
  /** Rejects if the store does not respond. */
  assertStorage: () => Promise<void>;
}

export function addStorageMetrics(
  { registry, beforeScrape }: Metrics,
  { storageUsage, assertStorage }: StorageMetricsDeps,
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
  const up = new Gauge({ name: 'limelight_storage_up', help: 'Whether the store responded', registers });
  beforeScrape(async () => {
    try {
      await assertStorage();
      up.set(1);
    } catch {
      up.set(0);
      // A network drive that does not respond would hold up the other metrics.
      return;
    }
    const { tiers, disk } = await storageUsage();
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
