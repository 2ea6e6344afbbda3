import { z } from '@hono/zod-openapi';
import type { Delivery as StoredDelivery } from '../../ports/webhooks.ts';
import { Instant, TASK_ID } from './task.ts';

export const DeliveryStateName = z.enum(['pending', 'delivered', 'failed', 'disabled']);

export const Delivery = z
  .object({
    id: z.string().openapi({ description: 'The `webhook-id` of its message.', example: 'msg_2b7c…' }),
    task_id: z.string().openapi({ example: TASK_ID }),
    url: z.string(),
    type: z.enum(['task.updated', 'task.completed', 'task.failed', 'task.cancelled']),
    state: DeliveryStateName.openapi({
      description: '`failed`: out of attempts. `disabled`: the receiver answered 410, now or earlier.',
    }),
    created_at: Instant,
    attempts: z.array(
      z.object({
        at: Instant,
        status: z.int().optional().openapi({ description: 'Of the answer, where one came.', example: 503 }),
        error: z.string().optional(),
        duration_ms: z.number(),
      }),
    ),
    next_attempt_at: Instant.optional(),
  })
  .openapi('WebhookDelivery');

export const Deliveries = z
  .object({
    deliveries: z.array(Delivery),
    cursor: z.string().optional().openapi({ description: 'For the next page, where there is one.' }),
  })
  .openapi('WebhookDeliveries');

export const WebhookSecrets = z
  .object({
    secrets: z.array(
      z.object({
        secret: z.string().openapi({ example: 'whsec_…' }),
        created_at: Instant,
        expires_at: Instant.optional(),
      }),
    ),
  })
  .openapi('WebhookSecrets', { description: 'What signs messages now, newest first.' });

export function toWireDelivery(delivery: StoredDelivery): z.infer<typeof Delivery> {
  const { id, taskId, url, type, state, createdAt, attempts, nextAttemptAt } = delivery;
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
