import { type Context, Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import { DECODES_HEIC, SHOWS_THE_PAGE } from '../access/security-headers.ts';
import type { ApiEnv } from '../http/api-env.ts';
import type { ApiDeps } from './api-deps.ts';

/** The built file of `web/media/heic-worker.ts`. */
const HEIC_WORKER = /^assets\/heic-worker-[^/]+\.js$/;

/** The page at `/` and the files that it loads. It is one document; its views are behind the `#`. */
export function pageRoutes({ page }: Pick<ApiDeps, 'page'>) {
  const serve = (c: Context<ApiEnv>, path: string) => {
    const file = page?.get(path);
    if (!file) {
      throw new PipelineError(
        'ROUTE_NOT_FOUND',
        page && page.size > 0
          ? `There is nothing at ${c.req.path}.`
          : 'The page is not built: run `npm run setup` in the folder of Limelight, and restart it. The API works without the page.',
      );
    }
    const { type, etag, bytes, gzipped, isImmutable } = file;
    c.header('Content-Security-Policy', HEIC_WORKER.test(path) ? DECODES_HEIC : SHOWS_THE_PAGE);
    c.header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    c.header('ETag', etag);
    if (c.req.header('if-none-match')?.includes(etag)) {
      return c.body(null, 304);
    }
    const takesGzip = gzipped !== undefined && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
    if (gzipped) {
      c.header('Vary', 'Accept-Encoding');
    }
    if (takesGzip) {
      c.header('Content-Encoding', 'gzip');
    }
    c.header('Content-Type', type);
    return c.body(takesGzip ? gzipped : bytes);
  };
  return new Hono<ApiEnv>()
    .get('/', (c) => serve(c, 'index.html'))
    .get('/assets/:name', (c) => serve(c, `assets/${c.req.param('name')}`));
}
