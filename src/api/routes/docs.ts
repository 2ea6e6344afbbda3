import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiEnv } from '../http/api-env.ts';
import { answerWithFile, type PageFile, toPageFile } from '../http/page-files.ts';
import { createRoutes } from './create-routes.ts';
import { toOpenApiDocument } from './openapi-document.ts';
import { problems } from './problems.ts';

const FOLDER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const JAVASCRIPT = 'text/javascript; charset=utf-8';
const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': JAVASCRIPT,
};
/** The page needs inline styles and icons in data URLs. Everything else comes from this server. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Limelight API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null, docExpansion: 'list', defaultModelsExpandDepth: -1, filter: true });\n`;

const openapi = createRoute({
  method: 'get',
  path: '/openapi.json',
  tags: ['Operation'],
  summary: 'This document (OpenAPI 3.1)',
  responses: {
    200: {
      description: 'The OpenAPI document.',
      content: { 'application/json': { schema: z.looseObject({ openapi: z.string() }) } },
    },
    ...problems(),
  },
});

/** The OpenAPI document of `app`, and a page that shows it. The page loads nothing from other hosts. */
export function docsRoutes(app: OpenAPIHono<ApiEnv>) {
  // Made at the first request: by then all routes are declared, and they do not change afterwards.
  let document: Promise<PageFile> | undefined;
  const files = new Map<string, Promise<PageFile>>();
  const routes = createRoutes();
  routes.openapi(openapi, async (c) => {
    document ??= toPageFile(Buffer.from(JSON.stringify(toOpenApiDocument(app))), 'openapi.json', {
      type: 'application/json',
      isCompressible: true,
    });
    // The bytes are JSON, made once, which the compiler cannot see.
    return answerWithFile(c, await document) as never;
  });
  routes.get('/docs', (c) => {
    c.header('Content-Security-Policy', POLICY);
    return c.html(PAGE);
  });
  routes.get('/docs/start.js', (c) => c.body(START, 200, { 'Content-Type': JAVASCRIPT }));
  for (const [name, type] of Object.entries(ASSETS)) {
    routes.get(`/docs/${name}`, async (c) => {
      const file =
        files.get(name) ?? toPageFile(readFileSync(join(FOLDER, name)), name, { type, isCompressible: true });
      files.set(name, file);
      return answerWithFile(c, await file);
    });
  }
  return routes;
}
