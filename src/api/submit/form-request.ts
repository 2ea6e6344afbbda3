import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Context } from 'hono';
import type { ApiEnv } from '../http/api-env.ts';
import type { FormRequest } from './multipart.ts';

/** The body of a request, not yet read. */
export function toFormRequest(c: Context<ApiEnv>): FormRequest {
  return {
    body: toReadable(c),
    contentType: c.req.header('content-type'),
    contentLength: parseLength(c.req.header('content-length')),
  };
}

/** The connection itself, if there is one: a web stream over it would close it before a refused client reads the answer. */
function toReadable(c: Context<ApiEnv>): Readable | undefined {
  if (c.env?.incoming) {
    // Merely accessing `raw.body` would start to read from the connection.
    return c.env.incoming as Readable;
  }
  return c.req.raw.body ? Readable.fromWeb(c.req.raw.body as WebStream) : undefined;
}

function parseLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}
