import { type Context, Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import { DECODES_HEIC, SHOWS_THE_PAGE } from '../access/security-headers.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { answerWithFile } from '../http/page-files.ts';
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
    c.header('Content-Security-Policy', HEIC_WORKER.test(path) ? DECODES_HEIC : SHOWS_THE_PAGE);
    return answerWithFile(c, file);
  };
  return new Hono<ApiEnv>()
    .get('/', (c) => serve(c, 'index.html'))
    .get('/assets/:name', (c) => serve(c, `assets/${c.req.param('name')}`));
}
