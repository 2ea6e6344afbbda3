import { apiKey, readStoredKey, storeKey, wantsKey } from '../server/server.ts';
import { adoptDatabase, deleteDatabase } from './database.ts';
import { closeRecorder } from './recording.ts';
import { route, toHash } from './route.ts';

/**
 * Signs in with an API key, or signs out without one. Signing in keeps the draft and the tasks of the page. From then on
 * they belong to the key. The next key may be another person's, so everything is deleted first, and the page starts again,
 * in all tabs.
 */
export async function useKey(key: string | undefined): Promise<void> {
  storeKey(key);
  await follow(key);
}

async function follow(key: string | undefined): Promise<void> {
  if (key !== apiKey.value && apiKey.value !== undefined) {
    // Or the browser asks whether to leave the page.
    closeRecorder();
    await deleteDatabase();
    if (route.peek().view === 'video') location.replace(toHash({ view: 'videos' }));
    location.reload();
    return;
  }
  if (key !== undefined && key !== apiKey.value) {
    await adoptDatabase(key);
    apiKey.value = key;
  }
  wantsKey.value = false;
}

/** Another tab may have signed in or out. */
function followStored(): void {
  const key = readStoredKey();
  if (key !== apiKey.value) void follow(key);
}

addEventListener('storage', followStored);
// No events reach a page that waits for the Back button.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) followStored();
});
