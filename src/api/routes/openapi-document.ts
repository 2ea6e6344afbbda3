import type { OpenAPIHono } from '@hono/zod-openapi';
import { VERSION } from '../../config/version.ts';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import { accessRule } from '../access/access-rules.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { describeProblems } from './problems.ts';

const INFO = {
  title: 'Limelight',
  version: VERSION,
  license: { name: 'MIT', identifier: 'MIT' },
  description: `A photo of a person and a recording of a voice become a talking video.

Every answer has an \`X-Request-Id\`. Every refusal is a problem document (RFC 9457) whose \`code\` is stable and whose \`detail\` says what was expected, what came and what to change.`,
};

const TAGS = [
  { name: 'Tasks', description: 'Submit a task, see how it stands, act on it.' },
  { name: 'Progress', description: 'Follow a task while it runs.' },
  { name: 'Files', description: 'What a task made.' },
  { name: 'Webhooks', description: 'What was told to `webhook_url`, and what it is signed with.' },
  { name: 'Operation', description: 'How the server itself is doing.' },
];

/** What the guard answers before a route does. */
const GUARDED: readonly ErrorCode[] = [
  'KEY_REQUIRED',
  'KEY_INVALID',
  'KEY_SCOPE_MISSING',
  'ORIGIN_REFUSED',
  'LINK_INVALID',
  'LINK_EXPIRED',
  'RATE_EXCEEDED',
];
const METHODS = ['get', 'put', 'post', 'delete'] as const;

/** The description of every route that `createRoutes().openapi` declared, and of who may use it. */
export function toOpenApiDocument(app: OpenAPIHono<ApiEnv>) {
  const document = app.getOpenAPI31Document(
    { openapi: '3.1.0', info: INFO, tags: TAGS, servers: [{ url: '/' }] },
    { sortComponents: 'alphabetically' },
  );
  document.components = {
    ...document.components,
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description: 'An API key. A server without keys answers to its own machine, and asks for none.',
      },
    },
  };
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      const { need, link } = accessRule(method.toUpperCase(), path);
      if (!operation) {
        continue;
      }
      const codes = need === 'public' ? (['RATE_EXCEEDED'] as const) : GUARDED;
      operation.responses = {
        ...describeProblems(codes.filter((code) => link || !code.startsWith('LINK_'))),
        ...operation.responses,
      };
      if (need !== 'public') {
        // None: a signed link, or a server without keys.
        operation.security = [{ key: [] }, {}];
      }
    }
  }
  return document;
}
