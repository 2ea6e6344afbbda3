import type { StageEvent } from './stages.ts';

/** Names on the wire. Histories hold them: never rename. */
export const DELIVER_WEBHOOK = 'deliverWebhook';
/** Sends it now instead of at its next time. */
export const SEND_NOW_SIGNAL = 'sendNow';

/** The wait before each attempt, in seconds: what Standard Webhooks recommends. After the last one it is given up. */
export const RETRY_DELAYS_S = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;

export type WebhookType = 'task.updated' | 'task.completed' | 'task.failed' | 'task.cancelled';

/** The body of a webhook, in its wire form. */
export interface WebhookBody {
  type: WebhookType;
  /** ISO 8601, when it happened. */
  timestamp: string;
  data: StageEvent;
}

/** The argument of the workflow `deliverWebhook`: one message to one URL. */
export interface WebhookMessage {
  /** The same in every attempt, so that the receiver can tell what it has. */
  id: string;
  taskId: string;
  /** Whose secret signs it. */
  owner?: string;
  url: string;
  body: WebhookBody;
  /** Somebody asked for it: a URL that was disabled is tried all the same. */
  isByHand?: boolean;
  /** Factor on all waits; below 1 in tests only. */
  timeScale?: number;
}

export interface DeliveryAttempt {
  /** ISO 8601. */
  at: string;
  /** Of the answer, where one came. */
  status?: number;
  /** Why there was none, for a person. */
  error?: string;
  duration_ms: number;
}

/** `disabled`: the receiver said 410, now or earlier. */
export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'disabled';

/** The memo of a `deliverWebhook` execution: what lists of deliveries show. */
export interface DeliveryMemo {
  taskId: string;
  owner?: string;
  url: string;
  type: WebhookType;
  state: DeliveryState;
  attempts: DeliveryAttempt[];
  /** ISO 8601; absent once there is none. */
  nextAttemptAt?: string;
}

export function toDeliveryWorkflowId(deliveryId: string): string {
  return `webhook/${deliveryId}`;
}

export function toDeliveryId(workflowId: string): string {
  return workflowId.slice(toDeliveryWorkflowId('').length);
}
