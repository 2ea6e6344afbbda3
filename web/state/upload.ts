import { toForm } from '../../src/client/submission.ts';
import { toTaskName } from '../../src/contracts/task-name.ts';
import { isReachable, wantsKey } from '../server/server.ts';
import { strings } from '../strings/strings.ts';
import type { SavedSubmission } from './saved-submissions.ts';

export interface Refusal {
  code: string;
  detail: string;
}

export type UploadAnswer =
  | { kind: 'accepted' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'aborted' }
  | { kind: 'unanswered'; why?: string; retryAfterMs?: number };

/**
 * Uploads a submission once, with `XMLHttpRequest` because `fetch` does not report upload progress. The page chooses the task's
 * id, so uploading again does not create a second task.
 * @param headers with the API key
 */
export function upload(
  submission: SavedSubmission,
  headers: Record<string, string>,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadAnswer> {
  const { taskId, photo, photoName, voice, backgroundImage } = submission;
  const name = toTaskName(photoName);
  const fields = { ...(name !== undefined && { name }), ...submission.fields };
  const form = toForm({ image: photo, audio: voice, ...(backgroundImage && { backgroundImage }), fields });
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/pipeline/tasks/${taskId}`);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      isReachable.value = true;
      resolve(toAnswer(request));
    };
    request.onerror = () => {
      isReachable.value = false;
      resolve({ kind: 'unanswered' });
    };
    request.onabort = () => resolve({ kind: 'aborted' });
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

function toAnswer(request: XMLHttpRequest): UploadAnswer {
  const { status } = request;
  if (status >= 200 && status < 300) {
    return { kind: 'accepted' };
  }
  const refusal = toRefusal(request);
  // The server is busy or one of its services is down: retry later.
  if (status === 429 || status === 502 || status === 503) {
    const seconds = Number(request.getResponseHeader('Retry-After') ?? 0);
    return { kind: 'unanswered', why: refusal.detail, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) };
  }
  wantsKey.value = status === 401;
  return { kind: 'refused', refusal };
}

function toRefusal({ status, responseText }: XMLHttpRequest): Refusal {
  try {
    const { code, detail } = JSON.parse(responseText);
    return { code, detail };
  } catch {
    return { code: 'INTERNAL', detail: strings.peek().task.answered(status) };
  }
}
