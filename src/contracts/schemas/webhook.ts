import { z } from 'zod';
import { extensible, Instant, TaskId } from './primitives.ts';
import { StageEvent, TaskEvent } from './stage-event.ts';

export const WebhookType = z.enum(['task.updated', 'task.completed', 'task.failed', 'task.cancelled']);
export type WebhookType = z.infer<typeof WebhookType>;

/** The body of a webhook. */
export const WebhookBody = z
  .object({ type: WebhookType, timestamp: Instant.describe('When it happened.'), data: TaskEvent })
  .meta({ id: 'WebhookBody' });
export type WebhookBody = z.infer<typeof WebhookBody>;

/** The argument of the workflow `deliverWebhook`: one message to one URL. */
export const WebhookMessage = z.object({
  /** The same in every attempt, so that receivers can detect duplicates. */
  id: z.string(),
  taskId: z.string(),
  /** The API key whose secret signs the message. */
  owner: z.string().optional(),
  url: z.string(),
  type: WebhookType,
  event: StageEvent,
  /** Requested by a person: sent even if the URL is disabled. */
  isByHand: z.boolean().optional(),
  /** Factor on all waits. Below 1 in tests only. */
  timeScale: z.number().optional(),
});
export type WebhookMessage = z.infer<typeof WebhookMessage>;

export const DeliveryAttempt = z.object({
  at: Instant,
  status: z.int().optional().meta({ description: 'Status of the response, if there was one.', example: 503 }),
  error: z.string().optional().describe('Why there was no response, for people.'),
  duration_ms: z.number(),
});
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

export const DeliveryState = z
  .enum(['pending', 'delivered', 'failed', 'disabled'])
  .describe('`failed`: out of attempts. `disabled`: the receiver answered 410, now or earlier.');
export type DeliveryState = z.infer<typeof DeliveryState>;

/** The memo of a `deliverWebhook` execution, from which lists of deliveries are made. */
export const DeliveryMemo = z.object({
  taskId: z.string(),
  owner: z.string().optional(),
  url: z.string(),
  type: WebhookType,
  state: DeliveryState,
  attempts: z.array(DeliveryAttempt).default([]),
  /** Absent if there is none. */
  nextAttemptAt: z.string().optional(),
});
export type DeliveryMemo = z.infer<typeof DeliveryMemo>;

export const WebhookDelivery = z
  .object({
    id: z.string().meta({ description: 'The `webhook-id` of its message.', example: 'msg_2b7c…' }),
    task_id: TaskId,
    url: z.string(),
    type: WebhookType,
    state: DeliveryState,
    created_at: Instant,
    attempts: z.array(DeliveryAttempt),
    next_attempt_at: Instant.optional(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveries = z
  .object({
    deliveries: z.array(WebhookDelivery),
    cursor: z.string().optional().describe('For the next page. Absent on the last page.'),
  })
  .meta({ id: 'WebhookDeliveries' });
export type WebhookDeliveries = z.infer<typeof WebhookDeliveries>;

export const WebhookSecret = extensible({
  secret: z
    .string()
    .startsWith('whsec_')
    .meta({ description: 'As Standard Webhooks writes it: `whsec_` and base64.', example: 'whsec_…' }),
  created_at: Instant,
  expires_at: Instant.optional().describe('Set when another secret replaced it.'),
});
export type WebhookSecret = z.infer<typeof WebhookSecret>;

/** The secrets of one API key, as they are stored and as the key may read them. */
export const WebhookSecrets = extensible({ secrets: z.array(WebhookSecret) }).meta({
  id: 'WebhookSecrets',
  description: 'The secrets that sign messages now, newest first.',
});
export type WebhookSecrets = z.infer<typeof WebhookSecrets>;
