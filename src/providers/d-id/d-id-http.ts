import { type Dispatcher, type FormData, request } from 'undici';
import type { z } from 'zod';
import { noJson, toAnswerError, toConnectionError, unreadableAnswer } from './d-id-error.ts';

interface DIdHttpOptions {
  /** Without a slash at the end. */
  apiUrl: string;
  /** `API_USERNAME:API_PASSWORD` as it was issued. */
  apiKey: string;
  /** Whether the key is sent in base64. Most clients send it unchanged. */
  encodesKey: boolean;
  /** The connection pool, whose timeouts bound every phase of a call. The caller closes it. */
  dispatcher: Dispatcher;
}

interface DIdCall<T> {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  form?: FormData;
  /** Without a schema the answer may be empty or any JSON, but not HTML, which comes from a gateway. */
  answer?: z.ZodType<T>;
}

/** Sends one request per call and never retries. Rejects with the PipelineErrors of `d-id-error.ts`. */
export type DIdHttp = <T>(call: DIdCall<T>) => Promise<T>;

export function createDIdHttp({ apiUrl, apiKey, encodesKey, dispatcher }: DIdHttpOptions): DIdHttp {
  const authorization = `Basic ${encodesKey ? Buffer.from(apiKey).toString('base64') : apiKey}`;
  return async (call) => {
    const { status, headers, text } = await send(call);
    const name = `${call.method} ${call.path.replace(/\/(talks|images|audios)\/.*/, '/$1/{id}')}`;
    if (status < 200 || status > 299) {
      throw toAnswerError(name, { status, retryAfter: headers['retry-after'], text });
    }
    if (call.answer) {
      return parse(name, call.answer, text);
    }
    if (text !== '') {
      parseJson(name, text);
    }
    return undefined as never;
  };

  async function send({ method, path, query, json, form }: DIdCall<unknown>) {
    try {
      const { statusCode, headers, body } = await request(`${apiUrl}${path}`, {
        method,
        dispatcher,
        ...(query && { query }),
        headers: {
          authorization,
          accept: 'application/json',
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        body: json === undefined ? (form ?? null) : JSON.stringify(json),
      });
      return { status: statusCode, headers, text: await body.text() };
    } catch (error) {
      throw toConnectionError(`${method} ${path.split('/')[1]}`, error);
    }
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noJson(name);
  }
}

function parse<T>(name: string, schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(name, text));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw unreadableAnswer(name, faults.join('; '), parsed.error);
  }
  return parsed.data;
}
