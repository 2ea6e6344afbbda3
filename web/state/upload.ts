import { toForm } from '../../src/client/submission.ts';
import { authorization, isReachable, wantsKey } from '../server/server.ts';
import type { Keepsake } from './keepsakes.ts';

export interface Refusal {
  code: string;
  detail: string;
}

export type UploadAnswer =
  | { kind: 'accepted' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'unanswered'; why?: string; comeBackMs?: number };

/**
 * Sends a submission once. `XMLHttpRequest`, because `fetch` does not tell how much was sent. The task's id is the page's own, so
 * to send it again is the same task.
 */
export function upload(keepsake: Keepsake, onProgress: (share: number) => void): Promise<UploadAnswer> {
  const { taskId, photo, voice, backgroundImage, fields } = keepsake;
  const form = toForm({ image: photo, audio: voice, ...(backgroundImage && { backgroundImage }), fields });
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/pipeline/tasks/${taskId}`);
    for (const [name, value] of Object.entries(authorization())) {
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
    request.send(form);
  });
}

function toAnswer(request: XMLHttpRequest): UploadAnswer {
  const { status } = request;
  if (status >= 200 && status < 300) {
    return { kind: 'accepted' };
  }
  const refusal = toRefusal(request);
  // It may be taken a little later: the server has enough to do, or what is behind it is away.
  if (status === 429 || status === 502 || status === 503) {
    const seconds = Number(request.getResponseHeader('Retry-After') ?? 0);
    return { kind: 'unanswered', why: refusal.detail, ...(seconds > 0 && { comeBackMs: seconds * 1000 }) };
  }
  wantsKey.value = status === 401;
  return { kind: 'refused', refusal };
}

function toRefusal({ status, responseText }: XMLHttpRequest): Refusal {
  try {
    const { code, detail } = JSON.parse(responseText);
    return { code, detail };
  } catch {
    return { code: 'INTERNAL', detail: `The server answered with status ${status}.` };
  }
}
