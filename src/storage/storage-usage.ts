import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { clamp } from '../clamp.ts';
import { TIERS } from '../contracts/task-keys.ts';
import { ignoreFailure } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { StorageUsage } from '../ports/storage-usage.ts';

export interface StorageUsageOptions {
  store: Pick<ObjectStore, 'list' | 'read' | 'put'>;
  /** Local folder on the disk to measure. */
  root?: string;
}

/** A scan is valid for twenty times as long as it took, so that a small store is scanned more often. */
const SCAN_TIME_FACTOR = 20;
const MIN_AGE_LIMIT_MS = 2_000;
const MAX_AGE_LIMIT_MS = 60_000;

type Scan = Omit<StorageUsage, 'disk'>;

/** Kept in the store, so that a new process can answer without a scan. */
const SCAN_KEY = 'state/storage-usage.json';
const Sum = z.object({ files: z.number(), bytes: z.number() });
const Scan = z.object({
  tiers: z.partialRecord(z.enum([...TIERS, 'cache']), Sum),
  scannedAt: z.iso.datetime(),
});

/**
 * Reports what the store contains. Only the very first call waits for a scan, which may take a while. All others return the
 * latest scan, and start a new one in the background if it is too old.
 */
export function createStorageUsage({ store, root }: StorageUsageOptions) {
  let latest: Promise<Scan> | undefined;
  let next: Promise<Scan> | undefined;
  let maxAgeMs = MIN_AGE_LIMIT_MS;

  const begin = () => {
    const startedAt = performance.now();
    next ??= scan(store).finally(() => {
      const tookMs = performance.now() - startedAt;
      maxAgeMs = clamp(tookMs * SCAN_TIME_FACTOR, MIN_AGE_LIMIT_MS, MAX_AGE_LIMIT_MS);
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
    if (Date.now() - Date.parse(found.scannedAt) > maxAgeMs) {
      const renewed = begin().then((scanned) => {
        latest = Promise.resolve(scanned);
      });
      void ignoreFailure(renewed, 'the latest scan stays in use, and the next call tries again');
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
  const written = store.put(SCAN_KEY, Buffer.from(JSON.stringify(found)));
  await ignoreFailure(written, 'the next process scans again');
  return found;
}

export async function readDisk(root: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bsize, bavail, blocks } = await statfs(root);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
}
