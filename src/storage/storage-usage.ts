import { statfs } from 'node:fs/promises';
import { TIERS, type Tier } from '../contracts/task-keys.ts';
import type { ObjectStore } from './object-store.ts';

export interface StorageUsage {
  tiers: Partial<Record<Tier, { files: number; bytes: number }>>;
  /** Absent where the objects do not lie on a disk of this machine. */
  disk?: { freeBytes: number; totalBytes: number };
}

export interface StorageUsageOptions {
  store: Pick<ObjectStore, 'list'>;
  /** Folder of a store on this machine. */
  root?: string;
  /** A scan that is older is made again, while the older one is answered with. Default: 60 s. */
  maxAgeMs?: number;
}

/** What the store holds. A large one takes a while to go through: only the first call waits for that. */
export function createStorageUsage({ store, root, maxAgeMs = 60_000 }: StorageUsageOptions) {
  let tiers: StorageUsage['tiers'] | undefined;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let scan: Promise<void> | undefined;

  const begin = () => {
    scan ??= scanTiers(store)
      .then((found) => {
        tiers = found;
      })
      .finally(() => {
        scan = undefined;
        scannedAt = performance.now();
      });
    return scan;
  };

  return async (): Promise<StorageUsage> => {
    if (performance.now() - scannedAt > maxAgeMs) {
      const scanned = begin();
      if (tiers) {
        scanned.catch(() => undefined);
      } else {
        await scanned;
      }
    }
    return { tiers: tiers ?? {}, ...(root && { disk: await readDisk(root) }) };
  };
}

async function scanTiers(store: Pick<ObjectStore, 'list'>): Promise<StorageUsage['tiers']> {
  const tiers: StorageUsage['tiers'] = {};
  for (const tier of TIERS) {
    const sum = { files: 0, bytes: 0 };
    for await (const { bytes } of store.list(`${tier}/`)) {
      sum.files += 1;
      sum.bytes += bytes;
    }
    tiers[tier] = sum;
  }
  return tiers;
}

async function readDisk(root: string) {
  const { bsize, bavail, blocks } = await statfs(root);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
}
