import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { createApp } from '../../../src/api/app.ts';
import type { ApiEnv } from '../../../src/api/http/api-env.ts';
import { readPageFiles } from '../../../src/api/http/page-files.ts';
import { createApiServer } from '../../../src/api/http/server.ts';
import { describedApi } from '../api/described-api.ts';

export interface ServedPage extends AsyncDisposable {
  url: string;
}

/**
 * The built page on an API without Temporal or workers: enough for everything before a submission.
 * @param preview answers requests for a preview. Default: they wait, as on a busy server.
 */
export async function servePage(preview?: (c: Context<ApiEnv>) => Promise<Response>): Promise<ServedPage> {
  const page = await readPageFiles(join(import.meta.dirname, '../../../dist/web'));
  const app = createApp({ ...describedApi(), page });
  const server = createApiServer(
    new Hono<ApiEnv>()
      .all('/api/pipeline/previews/*', (c) => (preview ? preview(c) : new Promise<Response>(() => {})))
      .all('*', (c) =>
        /^\/($|assets\/|api\/info$)/.test(c.req.path) ? app.fetch(c.req.raw, c.env) : c.json({}, 503),
      ),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
