import { status } from '@grpc/grpc-js';
import type { Client } from '@temporalio/client';
import { GATE_SIGNAL, type GateMessage, PROVIDER_BREAKER, toBreakerId } from '../contracts/provider-gate.ts';
import { QUEUES } from '../contracts/queues.ts';
import { isFailure } from '../errors.ts';
import type { WorkflowSignals } from '../ports/workflow-signals.ts';
import { callTemporal, grpcStatus, unlessMissing } from './temporal-error.ts';

/** Messages to a breaker in one signal. */
const MAX_BATCH = 200;

/** `WorkflowSignals` over a Temporal client. */
export function createWorkflowSignals({ client }: { client: Client }): WorkflowSignals {
  const { workflow } = client;
  const outboxes = new Map<string, Outbox>();

  const deliver = (provider: string, messages: GateMessage[]) =>
    callTemporal(client, async () => {
      await workflow.signalWithStart(PROVIDER_BREAKER, {
        workflowId: toBreakerId(provider),
        taskQueue: QUEUES.pipeline,
        args: [],
        signal: GATE_SIGNAL,
        signalArgs: [messages],
        staticSummary: 'Whether the provider answers, and how many talks it works on',
      });
    });

  return {
    async send(workflowId, signal, args = []) {
      try {
        await callTemporal(client, () => workflow.getHandle(workflowId).signal(signal, ...args));
        return 'sent';
      } catch (error) {
        // A run accepts 10,000 signals.
        if (isFailure(error, 'TASK_NOT_FOUND') || grpcStatus(error) === status.INVALID_ARGUMENT) {
          return 'gone';
        }
        throw error;
      }
    },

    sendToBreaker(provider, message) {
      const outbox = outboxes.get(provider) ?? new Outbox((messages) => deliver(provider, messages));
      outboxes.set(provider, outbox);
      return outbox.send(message);
    },

    async isRunning(workflowId) {
      const description = await unlessMissing(() =>
        callTemporal(client, () => workflow.getHandle(workflowId).describe()),
      );
      return description?.status.name === 'RUNNING';
    },
  };
}

/**
 * Sends one signal at a time. Messages that arrive in the meantime are sent together, so that many jobs do not make the
 * breaker's history long.
 */
class Outbox {
  readonly #deliver: (messages: GateMessage[]) => Promise<void>;
  readonly #waiting: Array<{ message: GateMessage; sent: PromiseWithResolvers<void> }> = [];
  #isSending = false;

  constructor(deliver: (messages: GateMessage[]) => Promise<void>) {
    this.#deliver = deliver;
  }

  send(message: GateMessage): Promise<void> {
    const sent = Promise.withResolvers<void>();
    this.#waiting.push({ message, sent });
    void this.#sendAll();
    return sent.promise;
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) {
      return;
    }
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#deliver(batch.map(({ message }) => message));
        for (const { sent } of batch) sent.resolve();
      } catch (error) {
        for (const { sent } of batch) sent.reject(error);
      }
    }
    this.#isSending = false;
  }
}
