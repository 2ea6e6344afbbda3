import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { apiKey } from '../server/server.ts';

/**
 * The page's database in the browser. Each API key has its own, so nothing that is stored under one key is shown or sent under
 * another. Calls reject in private windows and when the disk is full.
 */
const STORES = ['submissions', 'drafts'] as const;
export type StoreName = (typeof STORES)[number];

const PREFIX = 'limelight';

/** Named by the key's fingerprint. Not with `crypto.subtle`, which only pages over HTTPS have. */
function nameOf(key: string | undefined): string {
  return key === undefined
    ? PREFIX
    : `${PREFIX}-${bytesToHex(sha256(new TextEncoder().encode(key))).slice(0, 16)}`;
}

let opened: { name: string; database: Promise<IDBDatabase> } | undefined;

function open(): Promise<IDBDatabase> {
  const name = nameOf(apiKey.peek());
  if (opened?.name !== name) {
    opened = { name, database: openDatabase(name) };
  }
  return opened.database;
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 2);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const store of STORES.filter((one) => !database.objectStoreNames.contains(one))) {
        database.createObjectStore(store, { keyPath: KEY_PATHS[store] }).createIndex('keptAt', 'keptAt');
      }
    };
    request.onsuccess = () => {
      const { result: database } = request;
      // Another tab deletes it. From now on, calls reject.
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
}

const KEY_PATHS: Record<StoreName, string> = { submissions: 'taskId', drafts: 'key' };

/** Makes one request to a store. The index `keptAt` has its entries from the oldest to the newest. */
export async function run<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  return toPromise(act(database.transaction(name, mode).objectStore(name)));
}

function toPromise<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Moves what is stored without a key to the database of this one. An upload that was not accepted does not go out under it:
 * the user may send it again.
 */
export async function adoptDatabase(key: string): Promise<void> {
  try {
    const [from, to] = await Promise.all([openDatabase(nameOf(undefined)), openDatabase(nameOf(key))]);
    for (const name of STORES) {
      const entries = await toPromise(from.transaction(name).objectStore(name).getAll());
      const store = to.transaction(name, 'readwrite').objectStore(name);
      for (const entry of entries) {
        store.put(name === 'submissions' ? { ...entry, isSubmitted: true } : entry);
      }
    }
    to.close();
    from.close();
    await remove(nameOf(undefined));
  } catch {
    // Then nothing was stored.
  }
}

/** Deletes all that is stored under the key of this page. Calls of this page reject from now on. */
export async function deleteDatabase(): Promise<void> {
  try {
    (await open()).close();
    await remove(nameOf(apiKey.peek()));
  } catch {
    // Then nothing was stored.
  }
}

/**
 * Deletes what is stored under other keys: by a browser that was closed while it deleted, or by a tab that wrote once more.
 * Called once when the page starts.
 */
export async function deleteOtherDatabases(): Promise<void> {
  try {
    const names = (await indexedDB.databases()).map(({ name = '' }) => name);
    const own = nameOf(apiKey.peek());
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== own).map(remove));
  } catch {
    // An old browser, or nothing was stored.
  }
}

/** A tab that does not close the database delays this: do not wait for it. */
function remove(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onblocked = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
