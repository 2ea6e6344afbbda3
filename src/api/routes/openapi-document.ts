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
  description: `Turns a photo of a person and a recording of a voice into a talking video.

Every answer has an \`X-Request-Id\`. Every refusal is a problem document (RFC 9457) with a stable \`code\`, and a \`detail\` that says what was expected, what was received and what to change.`,
};

/** In the order in which a new user needs them. */
const TAGS = [
  { name: 'Make', description: 'Submit a photo and a recording.' },
  { name: 'Follow', description: 'Find tasks, and follow one until its end.' },
  { name: 'Change', description: 'Choose a person, rename, cancel, retry, erase.' },
  { name: 'Files', description: 'The files of a task, and links to them.' },
  { name: 'Webhooks', description: 'Messages to `webhook_url`, and the secrets that sign them.' },
  { name: 'Health', description: 'Whether the server and its parts work.' },
  { name: 'Operation', description: 'What the server can do, what it is doing, and what is stored.' },
];

/** What the guard may answer before the route runs. */
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

/** Documents every route that `createRoutes().openapi` declared, and who may use it. */
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
        description: 'An API key. A server without keys serves only its own machine, and requires none.',
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
        // The empty entry stands for a signed link, or a server without keys.
        operation.security = [{ key: [] }, {}];
      }
    }
  }
  return document;
}
