import {
  ActivityFailure,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { WebhookActivities, WebhookOutcome } from '../../activities/webhooks.ts';
import { QUEUES } from '../../contracts/queues.ts';
import type {
  DeliveryAttempt,
  DeliveryMemo,
  DeliveryState,
  WebhookMessage,
} from '../../contracts/schemas/webhook.ts';
import { RETRY_DELAYS_S, SEND_NOW_SIGNAL } from '../../contracts/webhook.ts';
import { OUTCOME } from '../search-attributes.ts';
import { PATIENCE_MS, waitForStorage } from '../storage-wait.ts';

const { sendWebhook } = proxyActivities<WebhookActivities>({
  taskQueue: QUEUES.webhooks,
  // The receiver has 15 s, and a silent store needs a minute to be recognised. One attempt only, because the workflow
  // schedules the next one.
  startToCloseTimeout: '2 minutes',
  scheduleToStartTimeout: '1 hour',
  retry: { maximumAttempts: 1 },
  summary: 'Send the webhook',
});

/** Delivers one message to one receiver: retries until it is accepted, refused for good, or out of attempts. */
export async function deliverWebhook(
  message: WebhookMessage,
): Promise<Pick<DeliveryMemo, 'state' | 'attempts'>> {
  const attempts: DeliveryAttempt[] = [];
  let isSendNow = false;
  setHandler(defineSignal(SEND_NOW_SIGNAL), () => {
    isSendNow = true;
  });

  const end = (state: DeliveryState) => {
    upsertMemo({ state, attempts, nextAttemptAt: null });
    upsertSearchAttributes([{ key: OUTCOME, value: state }]);
    return { state, attempts };
  };

  for (const [index, delayS] of RETRY_DELAYS_S.entries()) {
    if (delayS > 0) {
      const delayMs = delayS * 1000 * (message.timeScale ?? 1);
      upsertMemo({ attempts, nextAttemptAt: new Date(Date.now() + delayMs).toISOString() });
      setCurrentDetails(
        `${describe(attempts.at(-1))} Attempt ${index + 1} of ${RETRY_DELAYS_S.length} follows.`,
      );
      await condition(() => isSendNow, delayMs, { summary: 'Until the next attempt' });
    }
    const outcome = await attempt(isSendNow ? { ...message, isByHand: true } : message);
    isSendNow = false;
    if (outcome.kind === 'disabled') {
      return end('disabled');
    }
    attempts.push(outcome.attempt);
    if (outcome.kind !== 'failed') {
      return end(outcome.kind === 'gone' ? 'disabled' : 'delivered');
    }
  }
  return end('failed');
}

/** If the worker dies, the attempt counts as failed. */
async function attempt(message: WebhookMessage): Promise<WebhookOutcome> {
  const startedMs = Date.now();
  try {
    // An outage of our storage is no attempt to send.
    return await waitForStorage(() => sendWebhook(message), { patienceMs: PATIENCE_MS });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) {
      throw error;
    }
    const failed = { at: new Date(startedMs).toISOString(), duration_ms: Date.now() - startedMs };
    return { kind: 'failed', attempt: { ...failed, error: 'Limelight could not send it.' } };
  }
}

function describe(attempt: DeliveryAttempt | undefined): string {
  return attempt?.status === undefined
    ? (attempt?.error ?? '')
    : `The receiver answered with ${attempt.status}.`;
}
