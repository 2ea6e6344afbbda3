import type { CacheKind } from '../contracts/content-cache.ts';
import type { StoredObject } from '../contracts/schemas/job.ts';

/** Object keys by name, such as `mask`. */
export type NamedKeys = Record<string, string>;

export interface CacheHit {
  result: unknown;
  stored: Record<string, StoredObject>;
  /** The folder of the entry. */
  entry: string;
}

/**
 * Results by a hash of everything that went into them. An entry is complete or absent: its own object is written last.
 */
export interface ContentCache {
  /**
   * Copies the files of the entry to the given keys, and marks the entry as used. `undefined` if there is no entry. A
   * damaged entry is deleted and counts as missing. A rejected call may leave some of the copies behind.
   */
  find(kind: CacheKind, facts: object, targets: NamedKeys): Promise<CacheHit | undefined>;
  /**
   * Copies the files into the cache and returns the folder of the entry. Idempotent. A rejected call leaves no entry, but
   * files of one may stay until retention deletes them.
   */
  keep(kind: CacheKind, facts: object, made: { result: unknown; files: NamedKeys }): Promise<string>;
  /** When the entry of this folder was made or last found. `undefined` if there is none. */
  usedAt(entry: string): Promise<Date | undefined>;
  /** The folder of the entry, whether or not it exists. */
  entryOf(kind: CacheKind, facts: object): string;
}
