import { CACHE_PREFIX } from '../../contracts/content-cache.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';

const CLAIMS = `${CACHE_PREFIX}claims/`;
/** Jobs with a claim end within a day. */
const CLAIM_TTL_MS = 48 * 3_600_000;
/** A job may be copying from the entry or still writing it. */
const IN_USE_MS = 10 * 60_000;

interface Entry {
  objects: ListedObject[];
  bytes: number;
  usedAt: number;
}

interface EvictOptions {
  store: Pick<ObjectStore, 'list'>;
  maxBytes: number;
  /** Bytes to free even if the cache is within its maximum size. */
  bytesToFree: number;
  now: number;
  countScanned(object: ListedObject): void;
  evict(object: ListedObject): Promise<void>;
}

/** Evicts the least recently used entries until the rest is within the budget, and claims that were never released. */
export async function evictEntries({
  store,
  maxBytes,
  bytesToFree,
  now,
  countScanned,
  evict,
}: EvictOptions): Promise<void> {
  const entries = new Map<string, Entry>();
  for await (const object of store.list(CACHE_PREFIX)) {
    countScanned(object);
    const { key, bytes, modifiedAt } = object;
    if (key.startsWith(CLAIMS)) {
      if (modifiedAt.getTime() < now - CLAIM_TTL_MS) {
        await evict(object);
      }
      continue;
    }
    const folder = key.slice(0, key.lastIndexOf('/'));
    const entry = entries.get(folder) ?? { objects: [], bytes: 0, usedAt: 0 };
    entry.objects.push(object);
    entry.bytes += bytes;
    // The entry's own object is written last when it is made, and again with each use.
    entry.usedAt = Math.max(entry.usedAt, modifiedAt.getTime());
    entries.set(folder, entry);
  }
  let total = [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const budget = Math.min(maxBytes, total - bytesToFree);
  for (const { objects, bytes, usedAt } of [...entries.values()].sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= budget || usedAt > now - IN_USE_MS) {
      return;
    }
    for (const object of objects) {
      await evict(object);
    }
    total -= bytes;
  }
}
