import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';

const LOADS_NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** The policy of pictures and videos. A browser that opens one shows it in a page of its own, with styles. */
export const SHOWS_ITSELF =
  "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The page loads everything from this server; `blob:` is for files that the user chose or recorded. */
export const SHOWS_THE_PAGE = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The worker that decodes HEIC photos, in browsers that cannot, compiles WebAssembly. The page itself may not. */
export const DECODES_HEIC =
  "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

/** Restricts what a browser does with an answer. A route may set a policy of its own. */
export function securityHeaders(): MiddlewareHandler {
  return every(secureHeaders({ crossOriginResourcePolicy: false }), async (c, next) => {
    c.header('Content-Security-Policy', LOADS_NOTHING);
    // The guard relaxes it for valid links.
    c.header('Cross-Origin-Resource-Policy', 'same-origin');
    await next();
  });
}

const EXPOSED = [
  'Content-Range',
  'ETag',
  'Idempotent-Replayed',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
];

/** Lets pages of the listed origins use the API. There are no cookies that a browser could send along. */
export function crossOrigin(origins: string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : origins,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Range',
      'Last-Event-ID',
      'Prefer',
      'Range',
    ],
    exposeHeaders: EXPOSED,
    maxAge: 600,
  });
}
