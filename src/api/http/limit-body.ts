import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from './api-env.ts';

/** The webhooks of providers are the longest JSON. */
const MAX_BYTES = 256 * 1024;

/** Refuses long bodies before they are read into memory, except forms: those are streamed to files. */
export function limitBody(): MiddlewareHandler<ApiEnv> {
  const refuse = (): never => {
    throw new PipelineError(
      'UPLOAD_TOO_LARGE',
      `Expected a body of at most ${MAX_BYTES / 1024} kB but received more.`,
    );
  };
  const limit = bodyLimit({ maxSize: MAX_BYTES, onError: refuse });
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') {
      return next();
    }
    if (c.req.header('content-type')?.toLowerCase().startsWith('multipart/form-data')) {
      return next();
    }
    // Hono would begin to read it.
    return Number(c.req.header('content-length') ?? 0) > MAX_BYTES ? refuse() : limit(c, next);
  };
}
