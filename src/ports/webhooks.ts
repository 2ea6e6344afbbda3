import type { DeliveryMemo, DeliveryState, WebhookSecret } from '../contracts/schemas/webhook.ts';

export interface Delivery extends DeliveryMemo {
  id: string;
  /** ISO 8601. */
  createdAt: string;
}

export interface DeliveryQuery {
  /** Only deliveries of this API key. Default: of all keys. */
  owner?: string;
  taskId?: string;
  state?: DeliveryState;
  limit: number;
  /** `cursor` of the previous page. */
  cursor?: string;
}

/** Webhook deliveries as Temporal knows them. Temporal forgets finished ones after its retention period. */
export interface DeliveryClient {
  /** Newest first. Rejects with INPUT_INVALID if the cursor is invalid. */
  list(query: DeliveryQuery): Promise<{ deliveries: Delivery[]; cursor?: string }>;
  /**
   * Sends a waiting delivery at once, and a finished one again. Rejects with DELIVERY_NOT_FOUND, also if the delivery
   * belongs to another key.
   */
  send(id: string, owner: string | undefined): Promise<void>;
}

export type { WebhookSecret };

/** The secrets that sign a key's webhooks. Tasks without a key share one. */
export interface WebhookSecrets {
  /**
   * The secrets that sign now, newest first: more than one while receivers change over. The first call creates one;
   * several processes that call at once get the same.
   */
  current(owner: string | undefined): Promise<WebhookSecret[]>;
  /**
   * Creates a new secret. Messages are signed with the old ones as well for `overlapMs`. Not idempotent: each call creates
   * another secret. Returns the same as `current`.
   */
  rotate(owner: string | undefined, overlapMs: number): Promise<WebhookSecret[]>;
}

export interface WebhookEndpoint {
  owner: string | undefined;
  url: string;
}

/** URLs that answered 410 Gone and receive nothing more. All calls are idempotent. */
export interface DisabledWebhooks {
  has(endpoint: WebhookEndpoint): Promise<boolean>;
  add(endpoint: WebhookEndpoint): Promise<void>;
  /** Removing a missing endpoint succeeds. */
  remove(endpoint: WebhookEndpoint): Promise<void>;
}
