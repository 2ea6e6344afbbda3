import { run } from './database.ts';

/**
 * A submission as it is stored in the browser (IndexedDB), so that a reload shows the photo at once, an interrupted upload
 * resumes, and "Create another" starts with the same files.
 */
export interface SavedSubmission {
  taskId: string;
  /** Milliseconds since 1970. */
  keptAt: number;
  photo: Blob;
  /** What an `<img>` can show, if that is not the photo itself. */
  shownPhoto?: Blob;
  photoName: string;
  voice: Blob;
  voiceName: string;
  /** The whole recording, if `voice` is only a part of it, and where that part is. */
  whole?: { file: Blob; fromS: number; toS: number };
  /** The voice was recorded on the page. */
  isRecorded?: boolean;
  backgroundImage?: Blob;
  fields: Record<string, string>;
  /** Whether the server has accepted or rejected it. */
  isSubmitted: boolean;
  /** It was cancelled before the server accepted it. */
  isCancelled?: boolean;
}

const MAX_SAVED = 30;

/** Does nothing if the browser has no space, or in a private window. */
export async function keep(submission: SavedSubmission): Promise<void> {
  try {
    await run('submissions', 'readwrite', (store) => store.put(submission));
    const keys = await run('submissions', 'readonly', (store) => store.index('keptAt').getAllKeys());
    for (const key of keys.slice(0, Math.max(0, keys.length - MAX_SAVED))) {
      await run('submissions', 'readwrite', (store) => store.delete(key));
    }
  } catch {
    // See above.
  }
}

export async function recall(taskId: string): Promise<SavedSubmission | undefined> {
  try {
    return await run<SavedSubmission | undefined>('submissions', 'readonly', (store) => store.get(taskId));
  } catch {
    return undefined;
  }
}

export async function recallAll(): Promise<SavedSubmission[]> {
  try {
    return await run<SavedSubmission[]>('submissions', 'readonly', (store) => store.getAll());
  } catch {
    return [];
  }
}

export async function forget(taskId: string): Promise<void> {
  try {
    await run('submissions', 'readwrite', (store) => store.delete(taskId));
  } catch {
    // Then nothing was stored.
  }
}
