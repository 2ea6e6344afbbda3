import { signal } from '@preact/signals';
import { createLimelightClient, isFailure, PipelineError } from '../../src/client/limelight-client.ts';
import { storedText } from '../state/stored-text.ts';

export { isFailure, PipelineError };

/** Whether the server responded to the last request. Otherwise the page shows a notice. */
export const isReachable = signal(true);
/** Whether the server rejected the last request because of a missing or invalid key. */
export const wantsKey = signal(false);

const storedKey = storedText('limelight.key');
/** The key of this page. `useKey` of `state/session.ts` changes it. */
export const apiKey = signal(storedKey.read());

export const { read: readStoredKey, write: storeKey } = storedKey;

export function authorization(): Record<string, string> {
  return apiKey.value ? { Authorization: `Bearer ${apiKey.value}` } : {};
}

/** `fetch` with the API key. Updates `isReachable` and `wantsKey`. */
const trackedFetch: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  for (const [name, value] of Object.entries(authorization())) {
    headers.set(name, value);
  }
  try {
    const answer = await fetch(input, { ...init, headers });
    isReachable.value = true;
    if (answer.status === 401) {
      wantsKey.value = true;
    }
    return answer;
  } catch (error) {
    if (!init?.signal?.aborted) {
      isReachable.value = false;
    }
    throw error;
  }
};

/** The server that served this page. */
export const server = createLimelightClient({
  baseUrl: location.href.replace(/#.*/, ''),
  fetch: trackedFetch,
});

/** Makes one attempt. Returns `undefined` if it was refused or aborted, or if there is no response. */
export async function postForm<T>(path: string, form: FormData, signal: AbortSignal): Promise<T | undefined> {
  const answer = await trackedFetch(path, { method: 'POST', body: form, signal }).catch(() => undefined);
  return answer?.ok ? ((await answer.json().catch(() => undefined)) as T | undefined) : undefined;
}

/** The same for a file. */
export async function readFile(path: string, signal: AbortSignal): Promise<Blob | undefined> {
  const answer = await trackedFetch(path, { signal }).catch(() => undefined);
  return answer?.ok ? answer.blob().catch(() => undefined) : undefined;
}

/** Makes one attempt. Returns `undefined` if there is no response or it isn't JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    const answer = await trackedFetch(path);
    return answer.headers.get('content-type')?.includes('json') ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

export async function postJson<T>(path: string, body?: unknown): Promise<T | undefined> {
  const answer = await trackedFetch(path, {
    method: 'POST',
    ...(body !== undefined && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  }).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as T) : undefined;
}
