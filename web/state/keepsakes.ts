/**
 * What the page keeps of a submission in the browser (IndexedDB), so that a reload shows the photo at once, an upload that was
 * cut off goes on, and "make another" begins with the same files.
 */
export interface Keepsake {
  taskId: string;
  /** Milliseconds since 1970. */
  keptAt: number;
  photo: Blob;
  photoName: string;
  voice: Blob;
  voiceName: string;
  backgroundImage?: Blob;
  fields: Record<string, string>;
  /** Whether the server has it. */
  isSubmitted: boolean;
}

const MOST_KEPT = 30;

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('limelight', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('keepsakes', { keyPath: 'taskId' }).createIndex('keptAt', 'keptAt');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const request = act(database.transaction('keepsakes', mode).objectStore('keepsakes'));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Without room for it, or in a private window, the page goes on without. */
export async function keep(keepsake: Keepsake): Promise<void> {
  try {
    await run('readwrite', (store) => store.put(keepsake));
    const keys = await run('readonly', (store) => store.index('keptAt').getAllKeys());
    for (const key of keys.slice(0, Math.max(0, keys.length - MOST_KEPT))) {
      await run('readwrite', (store) => store.delete(key));
    }
  } catch {
    // As said above.
  }
}

export async function recall(taskId: string): Promise<Keepsake | undefined> {
  try {
    return await run<Keepsake | undefined>('readonly', (store) => store.get(taskId));
  } catch {
    return undefined;
  }
}

export async function recallAll(): Promise<Keepsake[]> {
  try {
    return await run<Keepsake[]>('readonly', (store) => store.getAll());
  } catch {
    return [];
  }
}

export async function forget(taskId: string): Promise<void> {
  try {
    await run('readwrite', (store) => store.delete(taskId));
  } catch {
    // Nothing was kept, then.
  }
}
