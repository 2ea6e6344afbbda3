import type { Readable } from 'node:stream';
import type { StoredObject } from '../contracts/schemas/job.ts';

/**
 * A file to be taken over: it is moved where the store can (same file system) and copied and removed where it cannot.
 * After a rejected `put` it may be gone.
 */
export interface FileToAdopt {
  path: string;
  /** Of its bytes, where the caller hashed them as it wrote them: they need not be read again. */
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
  /** The bytes asked for; destroy it to stop early. */
  stream: Readable;
  modifiedAt: Date;
}

/** What a listing tells. The hash is `stat`'s to tell: not every store has it without asking for each object. */
export interface ListedObject {
  key: string;
  bytes: number;
  modifiedAt: Date;
}

/**
 * Bytes under keys: `tier/task/name`, made of `A-Z a-z 0-9 . _ -` and `/`, no segment beginning with a dot
 * (OBJECT_KEY_INVALID). No key may be the folder of another: a store that cannot hold both refuses the second.
 * `test/suites/object-store.ts` proves these promises for every adapter.
 */
export interface ObjectStore {
  /**
   * Writes all of it or nothing: readers see the old object or the new one, whichever process dies meanwhile.
   * Resolves when the bytes are durable. With `ifAbsent` an existing key rejects with OBJECT_EXISTS.
   * A full disk rejects with STORAGE_FULL, an aborted signal with its reason. Nothing of a rejected put stays behind.
   */
  put(
    key: string,
    body: ObjectToPut['body'],
    options?: { ifAbsent?: boolean; signal?: AbortSignal },
  ): Promise<StoredObject>;
  /**
   * As `put` of each, faster; answers in their order. Rejects with the first failure, when all have ended: what did not
   * fail stays.
   */
  putMany(objects: readonly ObjectToPut[]): Promise<StoredObject[]>;
  /**
   * The stream of a whole object ends with OBJECT_CORRUPT, before its last bytes, where they do not match the stored hash.
   * Rejects a missing key with OBJECT_NOT_FOUND, a range not wholly inside the object with RANGE_NOT_SATISFIABLE.
   */
  open(key: string, range?: ByteRange): Promise<OpenObject>;
  /** The whole object, for small ones. Bytes that do not match the stored hash reject with OBJECT_CORRUPT. */
  read(key: string): Promise<Buffer>;
  stat(key: string): Promise<(StoredObject & { modifiedAt: Date }) | undefined>;
  /**
   * In the order of keys; a prefix is whole segments or the beginning of one: `videos/`, `videos/task-1`.
   * A page is as many as the caller takes: the next one begins after the last key of this one.
   */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ListedObject>;
  /** As a `put` of what is there now, without the bytes passing through where the store can. */
  copy(from: string, to: string): Promise<StoredObject>;
  /** Deleting what is not there is done already. */
  delete(key: string): Promise<void>;
  /** As `delete` of each, faster. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** Deletes every object under the prefix (which ends in `/`); answers with their keys. */
  deleteAll(prefix: string): Promise<string[]>;
  /** A local path to read the object from, for libraries that want a file; verified like `read`. Never write to it. */
  localPath(key: string): Promise<string>;
  /** A new empty folder for scratch files, on the file system where `put` of a `FileToAdopt` is a move; gone when disposed. */
  scratch(): Promise<ScratchFolder>;
  /** A URL that anybody can read the object from for so long; nothing where the store has none to give. */
  signUrl(key: string, options: { expiresInMs: number }): Promise<string | undefined>;
  /**
   * Removes what dead writers left behind, and answers with its names. Age is all that tells it from the work of the
   * living, so it is to exceed the longest job.
   */
  sweep(options: { olderThanMs: number }): Promise<string[]>;
}

export interface ScratchFolder extends AsyncDisposable {
  path: string;
  /**
   * Writes a new file of that name, hashed on the way; never more than half a megabyte of it is in memory. A full disk
   * rejects with STORAGE_FULL, and part of the file may be there then.
   */
  receive(name: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedFile>;
}

export interface ReceivedFile {
  path: string;
  bytes: number;
  sha256: string;
}
