import { createHash, timingSafeEqual } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { DIdDeps } from '../d-id-deps.ts';
import { DIdHealth } from '../wire/health.ts';
import { problems } from '../wire/problem.ts';
import { createRoutes } from './create-routes.ts';

const MOST_HINT_BYTES = 256 * 1024;
/** Of the talk that is sent, only whose it is counts, and whether it may have come to its end: the job asks D-ID itself. */
const Hint = z.looseObject({ user_data: z.uuid(), status: z.string().optional() });
/** There is nothing to ask for yet. */
const UNDER_WAY: ReadonlySet<string | undefined> = new Set(['created', 'started']);

const health = createRoute({
  method: 'get',
  path: '/api/d-id/health',
  tags: ['Operation'],
  summary: 'Whether talks can be made at D-ID now, and why not',
  responses: {
    200: { description: 'As of now.', content: { 'application/json': { schema: DIdHealth } } },
    ...problems(),
  },
});

const webhook = createRoute({
  method: 'post',
  path: '/api/webhooks/d-id/{secret}',
  tags: ['Operation'],
  summary: 'Where D-ID tells that a talk changed',
  middleware: bodyLimit({ maxSize: MOST_HINT_BYTES }),
  request: {
    params: z.object({ secret: z.string().openapi({ param: { name: 'secret', in: 'path' } }) }),
    // Without a schema: whatever comes is passed over or taken as a hint, and never refused.
    body: { content: { 'application/json': { schema: {} } } },
  },
  responses: {
    204: { description: 'Heard.' },
    ...problems('ROUTE_NOT_FOUND', 'UPLOAD_TOO_LARGE', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function dIdRoutes({ dId, logger }: Pick<ApiDeps, 'dId' | 'logger'>) {
  return (
    createRoutes()
      .openapi(health, async (c) => c.json(await readHealth(dId), 200))
      /** Nobody signs these: a true one only makes a job look earlier, and so does a false one. */
      .openapi(webhook, async (c) => {
        if (!dId?.webhookSecret || !isSame(c.req.param('secret'), dId.webhookSecret)) {
          throw new PipelineError('ROUTE_NOT_FOUND', 'There is nothing at this path.');
        }
        const hint = Hint.safeParse(await c.req.json().catch(() => undefined));
        if (hint.success) {
          const { user_data, status } = hint.data;
          if (!UNDER_WAY.has(status)) {
            await dId.gate.hint(user_data);
          }
        } else {
          logger.warn({ provider: 'd-id' }, 'A webhook without a job was passed over');
        }
        return c.body(null, 204);
      })
  );
}

async function readHealth(dId: DIdDeps | undefined): Promise<z.infer<typeof DIdHealth>> {
  if (!dId) {
    return { status: 'down', reason: 'D_ID_API_KEY is not set' };
  }
  const [credits, gate] = await Promise.all([
    dId.provider.readCredits().catch(toReason),
    dId.gate.state().catch(() => undefined),
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
    remaining < 1
      ? 'The account has no credits left'
      : gate?.hold && 'Jobs are held after failures; one is let through to try at next_try_at';
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

/** In a time that tells nothing of how much of it is right. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
