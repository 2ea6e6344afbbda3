import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { secureHeaders } from 'hono/secure-headers';

const LOADS_NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** For a picture or a video that is opened by itself: the browser shows it in a page of its own, with styles. */
export const SHOWS_ITSELF =
  "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The page and all that it loads come from here; `blob:` is what its reader has chosen or recorded. */
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

/** What keeps a browser from making more of an answer than it is. A route may set a policy of its own. */
export function securityHeaders(): MiddlewareHandler {
  return every(secureHeaders({ crossOriginResourcePolicy: false }), async (c, next) => {
    c.header('Content-Security-Policy', LOADS_NOTHING);
    // Who has a signed link may show what it opens anywhere.
    c.header('Cross-Origin-Resource-Policy', c.req.query('signature') ? 'cross-origin' : 'same-origin');
    await next();
  });
}
