import type { DeliveryMemo, DeliveryState } from '../contracts/webhook.ts';

export interface Delivery extends DeliveryMemo {
  id: string;
  /** ISO 8601. */
  createdAt: string;
}

export interface DeliveryQuery {
  /** Only those of this key; everybody's without it. */
  owner?: string;
  taskId?: string;
  state?: DeliveryState;
  limit: number;
  /** Where an earlier page ended. */
  cursor?: string;
}

/** Webhooks as Temporal knows them, which forgets those that ended after its retention. */
export interface DeliveryClient {
  /** Newest first. INPUT_INVALID where the cursor is none. */
  list(query: DeliveryQuery): Promise<{ deliveries: Delivery[]; cursor?: string }>;
  /** Sends it now: a waiting one at once, one that has ended again. DELIVERY_NOT_FOUND, also where it is another key's. */
  send(id: string, owner: string | undefined): Promise<void>;
}
