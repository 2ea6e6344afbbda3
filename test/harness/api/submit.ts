import { jobForm } from './job-form-data.ts';

export interface SubmitOptions {
  /** Default: the API chooses one. */
  taskId?: string;
  /** Over those of a complete form, see `jobForm`. */
  fields?: Parameters<typeof jobForm>[0];
  /** The whole body, in place of a form with `fields`. */
  body?: FormData | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** How long the API waits for the result before it responds. Default: not at all. */
  waitS?: number;
}

export interface Submitted {
  status: number;
  headers: Headers;
  /** The accepted task, its outcome after `waitS`, or the problem. */
  body: { task_id: string; submitted_at: string; status_url: string; events_url: string; detail?: string };
  /** @throws Error if the API refused the submission. */
  readonly taskId: string;
}

type Target = { url: string } | { request(path: string, init: RequestInit): Response | Promise<Response> };

/** Submits a job to an API, over HTTP or directly to its app. */
export async function submit(
  api: Target,
  { taskId, fields, body = jobForm(fields), headers = {}, waitS }: SubmitOptions = {},
): Promise<Submitted> {
  const path = `/api/pipeline/${taskId === undefined ? 'generate' : `tasks/${taskId}`}`;
  const target = waitS === undefined ? path : `${path}?wait=${waitS}`;
  const init = { method: taskId === undefined ? 'POST' : 'PUT', body, headers };
  const answer = 'request' in api ? await api.request(target, init) : await fetch(api.url + target, init);
  const submitted = (await answer.json()) as Submitted['body'];
  return {
    status: answer.status,
    headers: answer.headers,
    body: submitted,
    get taskId() {
      if (submitted.task_id) return submitted.task_id;
      throw new Error(`The API refused the submission: ${answer.status} ${JSON.stringify(submitted)}`);
    },
  };
}
