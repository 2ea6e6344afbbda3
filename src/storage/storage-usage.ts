import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { TIERS } from '../contracts/task-keys.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { StorageUsage } from '../ports/storage-usage.ts';

export interface StorageUsageOptions {
  store: Pick<ObjectStore, 'list' | 'read' | 'put'>;
  /** Folder of this machine whose disk is looked at. */
  root?: string;
}

/** A scan is made again after twenty times as long as it took: what a small store holds is known as it changes. */
const REST_PER_SCAN = 20;
const SHORTEST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;

type Scan = Omit<StorageUsage, 'disk'>;

/** Kept in the store, so that a process that starts need not go through it before its first answer. */
const SCAN_KEY = 'state/storage-usage.json';
const Sum = z.object({ files: z.number(), bytes: z.number() });
const Scan = z.object({
  tiers: z.partialRecord(z.enum([...TIERS, 'cache']), Sum),
  scannedAt: z.iso.datetime(),
});

/**
 * What the store holds. A large one takes a while to go through: only the very first call waits for that, all others
 * are answered with the latest scan, and begin a new one where that is old.
 */
export function createStorageUsage({ store, root }: StorageUsageOptions) {
  let latest: Promise<Scan> | undefined;
  let next: Promise<Scan> | undefined;
  let restMs = SHORTEST_REST_MS;

  const begin = () => {
    const startedAt = performance.now();
    next ??= scan(store).finally(() => {
      const tookMs = performance.now() - startedAt;
      restMs = Math.min(Math.max(tookMs * REST_PER_SCAN, SHORTEST_REST_MS), LONGEST_REST_MS);
      next = undefined;
    });
    return next;
  };

  return async (): Promise<StorageUsage> => {
    latest ??= readScan(store).catch(begin);
    const found = await latest.catch((error) => {
      latest = undefined;
      throw error;
    });
    if (Date.now() - Date.parse(found.scannedAt) > restMs) {
      begin().then(
        (scanned) => {
          latest = Promise.resolve(scanned);
        },
        () => undefined,
      );
    }
    return { ...found, ...(root && { disk: await readDisk(root) }) };
  };
}

async function readScan(store: StorageUsageOptions['store']): Promise<Scan> {
  return Scan.parse(JSON.parse(String(await store.read(SCAN_KEY))));
}

async function scan(store: StorageUsageOptions['store']): Promise<Scan> {
  const tiers: Scan['tiers'] = {};
  for (const tier of [...TIERS, 'cache'] as const) {
    const sum = { files: 0, bytes: 0 };
    for await (const { bytes } of store.list(`${tier}/`)) {
      sum.files += 1;
      sum.bytes += bytes;
    }
    tiers[tier] = sum;
  }
  const found = { tiers, scannedAt: new Date().toISOString() };
  // One that cannot be kept is only made again sooner.
  await store.put(SCAN_KEY, Buffer.from(JSON.stringify(found))).catch(() => undefined);
  return found;
}

export async function readDisk(root: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bsize, bavail, blocks } = await statfs(root);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
}
