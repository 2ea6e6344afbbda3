import type { Tier } from '../contracts/task-keys.ts';

/** What the object store holds, as of the last scan. */
export interface StorageUsage {
  tiers: Partial<Record<Tier | 'cache', { files: number; bytes: number }>>;
  /** ISO 8601: when the tiers were scanned. */
  scannedAt: string;
  /** The local disk. With an S3 store it holds objects on their way to the bucket. */
  disk?: { freeBytes: number; totalBytes: number };
}
