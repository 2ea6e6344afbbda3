import type { Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from './api-env.ts';

/** Answers 405 with `Allow` at every path that exists for other methods. To be called after the last route. */
export function refuseOtherMethods(app: Hono<ApiEnv>): void {
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  const methodsByPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, found] of methodsByPath) {
    const methods = new Set(found.map(({ method }) => method));
    // GET answers HEAD too.
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    app.all(path, (c) => {
      c.header('Allow', allow);
      throw new PipelineError('METHOD_NOT_ALLOWED', `Expected ${allow} but received ${c.req.method}.`);
    });
  }
}
