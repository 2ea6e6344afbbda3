import { createHash, timingSafeEqual } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { ProviderHealth } from '../../contracts/schemas/health.ts';
import { ignoreFailure, PipelineError } from '../../errors.ts';
import type { RemoteProviderDescriptor } from '../../ports/provider.ts';
import type { OfferedProvider } from '../submit/choose-provider.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** Health and webhooks of every remote provider of the registry, set up or not. */
export function providerRoutes(deps: Pick<ApiDeps, 'providers' | 'logger'>) {
  const routes = createRoutes();
  for (const { descriptor, remote } of deps.providers) {
    if (descriptor.kind === 'remote') {
      routes.route('/', healthRoute(descriptor, remote));
      routes.route('/', webhookRoute(descriptor, remote, deps.logger));
    }
  }
  return routes;
}

type Remote = OfferedProvider['remote'];

function healthRoute(descriptor: RemoteProviderDescriptor, remote: Remote) {
  const { name, label } = descriptor;
  const answer = (description: string) => ({
    description,
    content: { 'application/json': { schema: ProviderHealth } },
  });
  const health = createRoute({
    method: 'get',
    path: `/api/${name}/health`,
    tags: ['Health'],
    summary: `Whether ${label} can make talks now, and why not`,
    responses: {
      ...problems(),
      200: answer(`${label} answers.`),
      503: answer('It does not answer, or is not set up.'),
    },
  });
  return createRoutes().openapi(health, async (c) => {
    const found = await readHealth(descriptor, remote);
    c.header('Cache-Control', 'no-store');
    return c.json(found, found.status === 'down' ? 503 : 200);
  });
}

function webhookRoute(
  { name, label, parseWebhook }: RemoteProviderDescriptor,
  remote: Remote,
  logger: ApiDeps['logger'],
) {
  const routes = createRoutes();
  if (!parseWebhook) {
    return routes;
  }
  const webhook = createRoute({
    method: 'post',
    path: `/api/webhooks/${name}/{secret}`,
    tags: ['Operation'],
    summary: `${label} reports a change of a talk`,
    request: {
      params: z.object({ secret: z.string().openapi({ param: { name: 'secret', in: 'path' } }) }),
      // Without a schema: every body is accepted, and ignored if it is no hint.
      body: { content: { 'application/json': { schema: {} } } },
    },
    responses: {
      204: { description: 'Received.' },
      ...problems('ROUTE_NOT_FOUND', 'UPLOAD_TOO_LARGE', 'TEMPORAL_UNAVAILABLE'),
    },
  });
  // Webhooks are unsigned, but even a forged one only makes a job check its talk earlier.
  return routes.openapi(webhook, async (c) => {
    if (!remote?.webhookSecret || !isSame(c.req.param('secret'), remote.webhookSecret)) {
      throw new PipelineError('ROUTE_NOT_FOUND', 'There is nothing at this path.');
    }
    const hint = parseWebhook(await ignoreFailure(c.req.json(), 'a body that is not JSON is no hint'));
    if (!hint) {
      logger.warn({ provider: name }, 'Ignored a webhook without a task id');
    } else if (hint.mayHaveEnded) {
      await remote.gate.hint(hint.taskId);
    }
    return c.body(null, 204);
  });
}

async function readHealth(
  { settings }: RemoteProviderDescriptor,
  remote: Remote,
): Promise<z.infer<typeof ProviderHealth>> {
  if (!remote) {
    return { status: 'down', reason: `Not set up: this server needs ${settings.required}` };
  }
  const [credits, gate] = await Promise.all([
    remote.account.readCredits().catch(toReason),
    ignoreFailure(remote.gate.state(), 'the account is worth reporting without the jobs'),
  ]);
  const jobs = gate && {
    talks_in_flight: gate.talksInFlight,
    jobs_waiting: gate.waiting,
    ...(gate.hold && { held_for: gate.hold.reason, next_try_at: gate.hold.until }),
  };
  if ('reason' in credits) {
    return { status: 'down', reason: credits.reason, ...jobs };
  }
  const { remaining, total } = credits;
  const reason =
    remaining <= 0
      ? 'The account has no credits left'
      : gate?.hold && 'Tasks are held after failures; one of them tries again at next_try_at';
  return {
    status: reason ? 'degraded' : 'ok',
    ...(reason && { reason }),
    credits: { remaining, total },
    ...jobs,
  };
}

function toReason(error: unknown): { reason: string } {
  if (error instanceof PipelineError) {
    return { reason: error.message };
  }
  throw error;
}

/** Takes the same time whichever part of the secret is right. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
