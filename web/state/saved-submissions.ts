/**
 * A submission as it is stored in the browser (IndexedDB), so that a reload shows the photo at once, an interrupted upload
 * resumes, and "Create another" starts with the same files.
 */
export interface SavedSubmission {
  taskId: string;
  /** Milliseconds since 1970. */
  keptAt: number;
  photo: Blob;
  photoName: string;
  voice: Blob;
  voiceName: string;
  backgroundImage?: Blob;
  fields: Record<string, string>;
  /** Whether the server has accepted or rejected it. */
  isSubmitted: boolean;
  /** It was cancelled before the server accepted it. */
  isCancelled?: boolean;
}

const MAX_SAVED = 30;

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('limelight', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('submissions', { keyPath: 'taskId' }).createIndex('keptAt', 'keptAt');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const request = act(database.transaction('submissions', mode).objectStore('submissions'));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Does nothing if the browser has no space, or in a private window. */
export async function keep(submission: SavedSubmission): Promise<void> {
  try {
    await run('readwrite', (store) => store.put(submission));
    const keys = await run('readonly', (store) => store.index('keptAt').getAllKeys());
    for (const key of keys.slice(0, Math.max(0, keys.length - MAX_SAVED))) {
      await run('readwrite', (store) => store.delete(key));
    }
  } catch {
    // See above.
  }
}

export async function recall(taskId: string): Promise<SavedSubmission | undefined> {
  try {
    return await run<SavedSubmission | undefined>('readonly', (store) => store.get(taskId));
  } catch {
    return undefined;
  }
}

export async function recallAll(): Promise<SavedSubmission[]> {
  try {
    return await run<SavedSubmission[]>('readonly', (store) => store.getAll());
  } catch {
    return [];
  }
}

export async function forget(taskId: string): Promise<void> {
  try {
    await run('readwrite', (store) => store.delete(taskId));
  } catch {
    // Then nothing was stored.
  }
}
