import { isErrorCode } from '../contracts/error-codes.ts';
import { PipelineError } from '../errors.ts';
import { sleep } from './sleep.ts';

export interface HttpOptions {
  /** Where the server is, such as `http://127.0.0.1:55433`. In a page: `location.origin`. */
  baseUrl: string;
  /** Where the server asks for a key. */
  apiKey?: string;
  /** Wait before a call is made again where the server does not say how long. Default: 1000. */
  comeBackMs?: number;
  /** How often one call is made while the server cannot be reached or asks to come back. Default: 15. */
  tries?: number;
  /** Default: the global one. */
  fetch?: typeof fetch;
}

export interface Http {
  readonly comeBackMs: number;
  /** An answer of 2xx. Calls must bear being repeated: they are, where no answer came or the server says `Retry-After`. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** One try, whatever is answered; `undefined` where nothing is. */
  peek(path: string, init?: RequestInit): Promise<Response | undefined>;
}

/** Rejections carry the server's code and words; API_UNREACHABLE where it does not answer. */
export function createHttp(options: HttpOptions): Http {
  const { baseUrl, apiKey, comeBackMs = 1_000, tries = 15, fetch = globalThis.fetch } = options;
  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    if (apiKey !== undefined) {
      headers.set('Authorization', `Bearer ${apiKey}`);
    }
    return fetch(new URL(path, baseUrl), { ...init, headers });
  };
  return {
    comeBackMs,
    async call(path, init = {}) {
      for (let tried = 1; ; tried += 1) {
        const answer = await send(path, init).catch((error: Error) => error);
        if (!(answer instanceof Error) && answer.ok) {
          return answer;
        }
        init.signal?.throwIfAborted();
        const waitMs = answer instanceof Error ? comeBackMs : toRetryAfterMs(answer);
        if (waitMs === undefined || tried >= tries) {
          throw await toPipelineError(answer, baseUrl);
        }
        await sleep(waitMs, init.signal ?? undefined);
      }
    },
    peek: (path, init = {}) => send(path, init).catch(() => undefined),
  };
}

/** `undefined` where the server did not ask to come back. */
function toRetryAfterMs({ headers }: Response): number | undefined {
  const seconds = headers.get('Retry-After');
  return seconds === null ? undefined : Number(seconds) * 1000;
}

async function toPipelineError(answer: Response | Error, baseUrl: string): Promise<PipelineError> {
  if (answer instanceof Error) {
    return new PipelineError(
      'API_UNREACHABLE',
      `No Limelight server answers at ${baseUrl}. Start one with \`limelight up\`, or correct the address.`,
      { cause: answer },
    );
  }
  const problem = (await answer.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    details?: Record<string, string | number | boolean>;
  };
  return new PipelineError(
    isErrorCode(problem.code) ? problem.code : 'INTERNAL',
    problem.detail ?? `${baseUrl} answered with status ${answer.status}. Is it a Limelight server?`,
    problem.details ? { details: problem.details } : {},
  );
}
