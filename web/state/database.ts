/** The page's database in the browser. Calls reject in private windows and when the disk is full. */
const STORES = ['submissions', 'drafts'] as const;
export type StoreName = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('limelight', 2);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const name of STORES.filter((one) => !database.objectStoreNames.contains(one))) {
        database.createObjectStore(name, { keyPath: KEY_PATHS[name] }).createIndex('keptAt', 'keptAt');
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const KEY_PATHS: Record<StoreName, string> = { submissions: 'taskId', drafts: 'key' };

/** Makes one request to a store. The index `keptAt` has its entries from the oldest to the newest. */
export async function run<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const request = act(database.transaction(name, mode).objectStore(name));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
