import { isErrorCode } from '../contracts/error-codes.ts';
import type { Problem } from '../contracts/schemas/problem.ts';
import { ignoreFailure, PipelineError } from '../errors.ts';
import { sleep } from './sleep.ts';

export interface HttpOptions {
  /** Address of the server, such as `http://127.0.0.1:55433`. In a page: `location.origin`. */
  baseUrl: string;
  /** Needed if the server requires a key. */
  apiKey?: string;
  /** Delay before a retry if the server does not name one. Default: 1000. */
  retryDelayMs?: number;
  /** Attempts of one call while the server cannot be reached or answers with `Retry-After`. Default: 15. */
  tries?: number;
  /** Default: the global one. */
  fetch?: typeof fetch;
}

export interface Http {
  readonly retryDelayMs: number;
  /** Resolves to a response of 2xx. Calls must be idempotent: they are repeated without a response or with `Retry-After`. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** One attempt, whatever the status. `undefined` without a response within 5 s: another program may have the port. */
  peek(path: string, init?: RequestInit): Promise<Response | undefined>;
}

const PEEK_TIMEOUT_MS = 5_000;

/** Calls reject with the code and the message of the server, or with API_UNREACHABLE if it does not respond. */
export function createHttp(options: HttpOptions): Http {
  const { baseUrl, apiKey, retryDelayMs = 1_000, tries = 15, fetch = globalThis.fetch } = options;
  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    if (apiKey !== undefined) {
      headers.set('Authorization', `Bearer ${apiKey}`);
    }
    return fetch(new URL(path, baseUrl), { ...init, headers });
  };
  return {
    retryDelayMs,
    async call(path, init = {}) {
      for (let tried = 1; ; tried += 1) {
        const answer = await send(path, init).catch((error: Error) => error);
        if (!(answer instanceof Error) && answer.ok) {
          return answer;
        }
        init.signal?.throwIfAborted();
        const waitMs = answer instanceof Error ? retryDelayMs : toRetryAfterMs(answer);
        if (waitMs === undefined || tried >= tries) {
          throw await toPipelineError(answer, baseUrl);
        }
        await sleep(waitMs, init.signal ?? undefined);
      }
    },
    peek(path, { signal, ...init } = {}) {
      const until = AbortSignal.any([AbortSignal.timeout(PEEK_TIMEOUT_MS), ...(signal ? [signal] : [])]);
      return ignoreFailure(send(path, { ...init, signal: until }), 'no response is an answer too');
    },
  };
}

/** `undefined` if the server does not ask for a retry. */
function toRetryAfterMs({ headers }: Response): number | undefined {
  const seconds = headers.get('Retry-After');
  return seconds === null ? undefined : Number(seconds) * 1000;
}

async function toPipelineError(answer: Response | Error, baseUrl: string): Promise<PipelineError> {
  if (answer instanceof Error) {
    return new PipelineError(
      'API_UNREACHABLE',
      `No Limelight server responds at ${baseUrl}. Start one with \`npx limelight up\`, or correct the address.`,
      { cause: answer },
    );
  }
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return new PipelineError(
    isErrorCode(problem.code) ? problem.code : 'INTERNAL',
    problem.detail ?? `${baseUrl} answered with status ${answer.status}. Is it a Limelight server?`,
    problem.details ? { details: problem.details } : {},
  );
}
