import type { Readable } from 'node:stream';
import type { StoredObject } from '../contracts/schemas/job.ts';

/** A file that the store takes over: moved on the same file system, else copied and removed. A rejected `put` may lose it. */
export interface FileToAdopt {
  path: string;
  /** Hash of its bytes, if the caller knows it: then the store does not read them again. */
  sha256?: string;
}

export interface ObjectToPut {
  key: string;
  body: Uint8Array | Readable | FileToAdopt;
}

export interface ByteRange {
  /** First byte, from 0. */
  start: number;
  /** Last byte, included. */
  end: number;
}

export interface OpenObject extends StoredObject {
  /** The requested bytes. Destroy it to stop early. */
  stream: Readable;
  modifiedAt: Date;
}

/** Has no hash, because some stores return it for single objects only (`stat`). */
export interface ListedObject {
  key: string;
  bytes: number;
  modifiedAt: Date;
}

/**
 * Bytes under keys: `tier/task/name`, made of `A-Z a-z 0-9 . _ -` and `/`, no segment beginning with a dot
 * (OBJECT_KEY_INVALID). No key may be the folder of another: a store that cannot hold both rejects the second.
 * `test/suites/object-store.ts` proves these promises for every adapter.
 */
export interface ObjectStore {
  /**
   * Atomic: readers see the old object or the new one, even if a process dies meanwhile.
   * Resolves when the bytes are durable. With `ifAbsent` an existing key rejects with OBJECT_EXISTS.
   * A full disk rejects with STORAGE_FULL, an aborted signal with its reason. Nothing of a rejected put stays behind.
   */
  put(
    key: string,
    body: ObjectToPut['body'],
    options?: { ifAbsent?: boolean; signal?: AbortSignal },
  ): Promise<StoredObject>;
  /**
   * Like `put` of each, but faster. Returns in the given order. Not atomic: rejects with the first failure once all have
   * ended, and the objects that did not fail stay.
   */
  putMany(objects: readonly ObjectToPut[]): Promise<StoredObject[]>;
  /**
   * The stream of a whole object fails with OBJECT_CORRUPT before its last bytes if they do not match the stored hash.
   * Rejects a missing key with OBJECT_NOT_FOUND, and a range that is not inside the object with RANGE_NOT_SATISFIABLE.
   */
  open(key: string, range?: ByteRange): Promise<OpenObject>;
  /** A whole small object. Rejects like `open`: OBJECT_NOT_FOUND, and OBJECT_CORRUPT if the hash does not match. */
  read(key: string): Promise<Buffer>;
  /** `undefined` for a missing key. */
  stat(key: string): Promise<(StoredObject & { modifiedAt: Date }) | undefined>;
  /**
   * In the order of keys. A prefix is whole segments or the beginning of one: `videos/`, `videos/task-1`. To continue
   * later, pass the last key as `after`.
   */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ListedObject>;
  /** Like `put` of the current object, inside the store if it can. Rejects a missing key with OBJECT_NOT_FOUND. */
  copy(from: string, to: string): Promise<StoredObject>;
  /** Idempotent: deleting a missing key succeeds. */
  delete(key: string): Promise<void>;
  /** Like `delete` of each, but faster. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** Deletes every object under the prefix, which ends in `/`. Idempotent. Returns the keys of what it deleted. */
  deleteAll(prefix: string): Promise<string[]>;
  /** A local path to read the object from, for libraries that need a file. Verified like `read`. Never write to it. */
  localPath(key: string): Promise<string>;
  /**
   * A new empty folder for scratch files, deleted when disposed. It is on the file system where `put` of a `FileToAdopt` is
   * a move.
   */
  scratch(): Promise<ScratchFolder>;
  /** A URL that reads the object without a key until it expires. `undefined` if the store has no such URLs. */
  signUrl(key: string, options: { expiresInMs: number }): Promise<string | undefined>;
  /**
   * Removes what dead writers left behind, and returns its names. Only age distinguishes it from work in progress, so
   * `olderThanMs` must exceed the longest job. Idempotent.
   */
  sweep(options: { olderThanMs: number }): Promise<string[]>;
}

export interface ScratchFolder extends AsyncDisposable {
  path: string;
  /**
   * Writes a new file with this name and hashes it on the way, with at most half a megabyte in memory. A full disk rejects
   * with STORAGE_FULL, and part of the file may then exist.
   */
  receive(name: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedFile>;
}

export interface ReceivedFile {
  path: string;
  bytes: number;
  sha256: string;
}
