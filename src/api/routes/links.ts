import { createRoute, z } from '@hono/zod-openapi';
import { Link } from '../../contracts/schemas/task-status.ts';
import { LINKS, type LinkName } from '../access/access-rules.ts';
import { signLink } from '../access/link-signature.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const DAY_S = 86_400;

const LinkRequest = z
  .strictObject({
    name: z.enum(LINKS).openapi({ description: 'What the link opens.', example: 'video' }),
    expires_in_s: z
      .int()
      .min(1)
      .max(7 * DAY_S)
      .default(DAY_S)
      .openapi({ description: 'Seconds until the link expires.', example: 3600 }),
  })
  .openapi('LinkRequest');

const link = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/links',
  tags: ['Files'],
  summary: 'A link that needs no key',
  description:
    'For pages, players and people without an API key. The link gives access to this one resource until it expires or its key is revoked.',
  request: {
    params: TaskParams,
    body: { required: true, content: { 'application/json': { schema: LinkRequest } } },
  },
  responses: {
    201: { description: 'The link.', content: { 'application/json': { schema: Link } } },
    ...problems(
      'REQUEST_MALFORMED',
      'UPLOAD_TOO_LARGE',
      'INPUT_INVALID',
      'TASK_NOT_FOUND',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

export function linkRoutes(deps: Pick<ApiDeps, 'jobs' | 'records' | 'access' | 'publicUrl'>) {
  const { publicUrl = '' } = deps;
  return createRoutes().openapi(link, async (c) => {
    const taskId = taskParam(c);
    const { name, expires_in_s } = c.req.valid('json');
    // There are no links to unknown tasks.
    await readTaskStatus(deps, taskId);
    const expires = Math.floor(Date.now() / 1000) + expires_in_s;
    const query = signLink(await deps.access.linkSecret(), {
      taskId,
      name,
      expires,
      signer: c.get('caller')?.owner,
    });
    c.header('Cache-Control', 'no-store');
    const answer = {
      url: `${toPath(taskId, name)}?${query}`,
      ...(name === 'video' && { page_url: `${publicUrl}/watch/${taskId}?${query}` }),
      expires_at: toInstant(expires),
    };
    return c.json(answer, 201);
  });
}

function toPath(taskId: string, name: LinkName): string {
  switch (name) {
    case 'events':
      return `/api/pipeline/progress/${taskId}/events`;
    case 'status':
      return `/api/pipeline/status/${taskId}`;
    default:
      return `/api/pipeline/tasks/${taskId}/${name}`;
  }
}

function toInstant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
