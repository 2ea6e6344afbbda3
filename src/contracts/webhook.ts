/** The workflow that delivers one webhook. */
export const DELIVER_WEBHOOK = 'deliverWebhook';
/** Makes the next attempt now. */
export const SEND_NOW_SIGNAL = 'sendNow';

/** Seconds to wait before each attempt, as Standard Webhooks recommends. After the last one the delivery has failed. */
export const RETRY_DELAYS_S = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;

export function toDeliveryWorkflowId(deliveryId: string): string {
  return `webhook/${deliveryId}`;
}

export function toDeliveryId(workflowId: string): string {
  return workflowId.slice(toDeliveryWorkflowId('').length);
}
