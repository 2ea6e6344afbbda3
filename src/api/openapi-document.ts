import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './api-env.ts';

const INFO = {
  title: 'Limelight',
  version: '0.1.0',
  license: { name: 'MIT', identifier: 'MIT' },
  description: `A photo of a person and a recording of a voice become a talking video.

Every answer has an \`X-Request-Id\`. Every refusal is a problem document (RFC 9457) whose \`code\` is stable and whose \`detail\` says what was expected, what came and what to change.`,
};

const TAGS = [
  { name: 'Tasks', description: 'Submit a task, see how it stands, act on it.' },
  { name: 'Progress', description: 'Follow a task while it runs.' },
  { name: 'Files', description: 'What a task made.' },
  { name: 'Operation', description: 'How the server itself is doing.' },
];

/** The description of every route that `createRoutes().openapi` declared. */
export function toOpenApiDocument(app: OpenAPIHono<ApiEnv>) {
  return app.getOpenAPI31Document(
    { openapi: '3.1.0', info: INFO, tags: TAGS, servers: [{ url: '/' }] },
    { sortComponents: 'alphabetically' },
  );
}
