import { cancellationSignal } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { toTaskEvent } from '../contracts/schemas/task-urls.ts';
import type { DeliveryAttempt, WebhookBody, WebhookMessage } from '../contracts/schemas/webhook.ts';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { Outbound } from '../ports/outbound.ts';
import type { DisabledWebhooks, WebhookSecrets } from '../ports/webhooks.ts';

interface WebhookDeps {
  outbound: Outbound;
  secrets: WebhookSecrets;
  disabled: DisabledWebhooks;
  /** The public address of the server, for absolute URLs. Without it bodies have paths. */
  publicUrl?: string | undefined;
}

/** Result of one attempt. After `gone` the URL receives nothing more. */
export type WebhookOutcome =
  | { kind: 'delivered' | 'failed' | 'gone'; attempt: DeliveryAttempt }
  | { kind: 'disabled' };

/** Receivers should answer first and work afterwards. */
const ANSWER_TIMEOUT_MS = 15_000;
const GONE = 410;

export function createWebhookActivities({ outbound, secrets, disabled, publicUrl }: WebhookDeps) {
  async function post({ id, owner, url, type, event }: WebhookMessage): Promise<DeliveryAttempt> {
    const startedAt = new Date();
    const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const body: WebhookBody = { type, timestamp: event.timestamp, data: toTaskEvent(event, publicUrl) };
    const text = JSON.stringify(body);
    const signatures = (await secrets.current(owner)).map(({ secret }) =>
      new Webhook(secret).sign(id, startedAt, text),
    );
    const toAttempt = (result: { status: number } | { error: string }): DeliveryAttempt => ({
      at: startedAt.toISOString(),
      ...result,
      duration_ms: Date.now() - startedAt.getTime(),
    });
    try {
      const answer = await outbound.request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(startedAt.getTime() / 1000)),
          'webhook-signature': signatures.join(' '),
        },
        body: text,
        signal,
      });
      await ignoreFailure(answer.body.dump({ limit: 65_536, signal }), 'The status is the whole answer.');
      return toAttempt({ status: answer.statusCode });
    } catch (error) {
      cancellationSignal().throwIfAborted();
      if (error instanceof PipelineError) {
        return toAttempt({ error: error.message });
      }
      throw error;
    }
  }

  return {
    /** One attempt. Every response of the receiver is an outcome, never a failure of the activity. */
    async sendWebhook(message: WebhookMessage): Promise<WebhookOutcome> {
      const endpoint = { owner: message.owner, url: message.url };
      if (!message.isByHand && (await disabled.has(endpoint))) {
        return { kind: 'disabled' };
      }
      const attempt = await post(message);
      if (attempt.status === GONE) {
        await disabled.add(endpoint);
        return { kind: 'gone', attempt };
      }
      if (attempt.status === undefined || attempt.status < 200 || attempt.status >= 300) {
        return { kind: 'failed', attempt };
      }
      if (message.isByHand) {
        await disabled.remove(endpoint);
      }
      return { kind: 'delivered', attempt };
    },
  };
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;
