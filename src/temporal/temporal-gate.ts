import type { Client } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import { BREAKER_QUERY, type GateState, TALK_HINT_SIGNAL, toBreakerId } from '../contracts/provider-gate.ts';
import { ignoreFailure } from '../errors.ts';
import type { ProviderGateClient } from '../ports/video-provider.ts';
import { callTemporal, unlessMissing } from './temporal-error.ts';

const CALL_TIMEOUT_MS = 3_000;
/**
 * The first hint for a task is passed on at once, the next ones after intervals that double. Each hint adds to the history
 * of the job, and a provider, or a stranger with the secret, may send any number of them.
 */
const FIRST_HINT_INTERVAL_MS = 1_000;
const MAX_HINT_INTERVAL_MS = 60_000;
/** Tasks whose hints are remembered. */
const MAX_HINTED = 10_000;

export interface TemporalGateDeps {
  client: Client;
  provider: string;
}

/** `ProviderGateClient` over a Temporal client. */
export function createTemporalGate({ client, provider }: TemporalGateDeps): ProviderGateClient {
  const call = <T>(work: () => Promise<T>): Promise<T | undefined> =>
    unlessMissing(() => callTemporal(client, work, { timeoutMs: CALL_TIMEOUT_MS }));
  return {
    state: () => call(() => client.workflow.getHandle(toBreakerId(provider)).query<GateState>(BREAKER_QUERY)),
    hint: throttled((taskId) =>
      call(() => client.workflow.getHandle(toWorkflowId(taskId)).signal(TALK_HINT_SIGNAL)),
    ),
  };
}

/** The hints of one task. */
interface Hints {
  intervalMs: number;
  /** Whether one came during the interval. */
  isDue: boolean;
}

/** Hints during an interval are passed on as one, at its end. */
function throttled(send: (taskId: string) => Promise<void>): (taskId: string) => Promise<void> {
  const hinted = new Map<string, Hints>();
  const rest = (taskId: string, hints: Hints) => {
    const timer = setTimeout(() => {
      if (hints.isDue) {
        hints.isDue = false;
        rest(taskId, hints);
        void ignoreFailure(send(taskId), 'the job polls its talk anyway');
      } else {
        hinted.delete(taskId);
      }
    }, hints.intervalMs);
    timer.unref();
    hints.intervalMs = Math.min(hints.intervalMs * 2, MAX_HINT_INTERVAL_MS);
  };
  return async (taskId) => {
    const known = hinted.get(taskId);
    if (known) {
      known.isDue = true;
      return;
    }
    if (hinted.size < MAX_HINTED) {
      const hints: Hints = { intervalMs: FIRST_HINT_INTERVAL_MS, isDue: false };
      hinted.set(taskId, hints);
      rest(taskId, hints);
    }
    await send(taskId);
  };
}
