import { createRoute, z } from '@hono/zod-openapi';
import {
  DeliveryState,
  WebhookBody,
  WebhookDeliveries,
  type WebhookDelivery,
  WebhookSecrets,
} from '../../contracts/schemas/webhook.ts';
import type { Delivery } from '../../ports/webhooks.ts';
import { ownerSeenBy } from '../access/caller.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const DAY_S = 86_400;
const MAX_PAGE_SIZE = 100;

/** What a receiver is sent. The component `TaskEvent`, which event streams hold too, is documented through it. */
const sent = {
  method: 'post' as const,
  path: 'task',
  tags: ['Webhooks'],
  summary: 'The end of a task, or each of its stages, sent to `webhook_url`',
  description:
    'Signed as Standard Webhooks defines it. Any answer of 2xx within 15 s counts as delivered. After 410 the URL gets no more webhooks.',
  request: { body: { required: true, content: { 'application/json': { schema: WebhookBody } } } },
  responses: { 204: { description: 'Received.' } },
};

const list = createRoute({
  method: 'get',
  path: '/api/webhooks/deliveries',
  tags: ['Webhooks'],
  summary: 'Webhooks that were sent or wait to be sent, newest first',
  request: {
    query: z.object({
      task_id: z.uuid().optional(),
      state: DeliveryState.optional(),
      limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(20).openapi({ type: 'integer' }),
      cursor: z
        .string()
        .regex(/^[\w-]{1,2000}$/)
        .optional()
        .openapi({ description: 'The `cursor` of the previous page.' }),
    }),
  },
  responses: {
    200: { description: 'One page.', content: { 'application/json': { schema: WebhookDeliveries } } },
    ...problems('INPUT_INVALID', 'TEMPORAL_UNAVAILABLE'),
  },
});

const send = createRoute({
  method: 'post',
  path: '/api/webhooks/deliveries/{delivery_id}/send',
  tags: ['Webhooks'],
  summary: 'Send a webhook now',
  description:
    'Sends a waiting webhook at once, and a finished one again, with the same `webhook-id`. A disabled receiver is enabled again if it accepts it.',
  request: {
    params: z.object({
      delivery_id: z.string().openapi({
        param: { name: 'delivery_id', in: 'path' },
        example: 'msg_2b7c9d4e0c2f4a54b0a1c1f0d3e5a6b7',
      }),
    }),
  },
  responses: {
    202: { description: 'It is being sent.' },
    ...problems('DELIVERY_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'),
  },
});

const readSecrets = createRoute({
  method: 'get',
  path: '/api/webhooks/secrets',
  tags: ['Webhooks'],
  summary: 'The secrets that sign the webhooks of this key',
  responses: {
    200: {
      description: 'Created by the first call.',
      content: { 'application/json': { schema: WebhookSecrets } },
    },
    ...problems(),
  },
});

const rotate = createRoute({
  method: 'post',
  path: '/api/webhooks/secrets/rotate',
  tags: ['Webhooks'],
  summary: 'Create a new secret; the old one also signs for a while',
  request: {
    body: {
      required: false,
      content: {
        'application/json': {
          schema: z
            .strictObject({
              overlap_s: z
                .int()
                .min(0)
                .max(30 * DAY_S)
                .default(DAY_S),
            })
            .openapi('SecretRotation'),
        },
      },
    },
  },
  responses: {
    200: {
      description: 'All secrets that sign now.',
      content: { 'application/json': { schema: WebhookSecrets } },
    },
    ...problems('REQUEST_MALFORMED', 'UPLOAD_TOO_LARGE', 'INPUT_INVALID'),
  },
});

export function webhookRoutes({
  deliveries,
  webhookSecrets,
}: Pick<ApiDeps, 'deliveries' | 'webhookSecrets'>) {
  const routes = createRoutes();
  routes.openAPIRegistry.registerWebhook(sent);
  return routes
    .openapi(list, async (c) => {
      const { task_id, state, limit, cursor } = c.req.valid('query');
      const owner = ownerSeenBy(c.get('caller'));
      const page = await deliveries.list({
        limit,
        ...(owner !== undefined && { owner }),
        ...(task_id && { taskId: task_id.toLowerCase() }),
        ...(state && { state }),
        ...(cursor && { cursor }),
      });
      c.header('Cache-Control', 'no-store');
      const answer = { deliveries: page.deliveries.map(toDelivery) };
      return c.json({ ...answer, ...(page.cursor && { cursor: page.cursor }) }, 200);
    })
    .openapi(send, async (c) => {
      await deliveries.send(c.req.valid('param').delivery_id, ownerSeenBy(c.get('caller')));
      return c.body(null, 202);
    })
    .openapi(readSecrets, async (c) => {
      c.header('Cache-Control', 'no-store');
      return c.json({ secrets: await webhookSecrets.current(c.get('caller')?.owner) }, 200);
    })
    .openapi(rotate, async (c) => {
      const { overlap_s = DAY_S } = c.req.valid('json');
      c.header('Cache-Control', 'no-store');
      const secrets = await webhookSecrets.rotate(c.get('caller')?.owner, overlap_s * 1000);
      return c.json({ secrets }, 200);
    });
}

function toDelivery({
  id,
  taskId,
  url,
  type,
  state,
  createdAt,
  attempts,
  nextAttemptAt,
}: Delivery): WebhookDelivery {
  return {
    id,
    task_id: taskId,
    url,
    type,
    state,
    created_at: createdAt,
    attempts,
    ...(nextAttemptAt && { next_attempt_at: nextAttemptAt }),
  };
}
