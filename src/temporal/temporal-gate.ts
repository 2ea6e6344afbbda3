import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import { BREAKER_QUERY, type GateState, TALK_HINT_SIGNAL, toBreakerId } from '../contracts/provider-gate.ts';
import type { ProviderGateClient } from '../ports/video-provider.ts';
import { toPipelineError } from './temporal-error.ts';

const CALL_TIMEOUT_MS = 3_000;

export interface TemporalGateDeps {
  client: Client;
  provider: string;
}

/** `ProviderGateClient` over a Temporal client. */
export function createTemporalGate({ client, provider }: TemporalGateDeps): ProviderGateClient {
  const call = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return undefined;
      }
      throw toPipelineError(error);
    }
  };
  return {
    state: () => call(() => client.workflow.getHandle(toBreakerId(provider)).query<GateState>(BREAKER_QUERY)),
    hint: (taskId) => call(() => client.workflow.getHandle(toWorkflowId(taskId)).signal(TALK_HINT_SIGNAL)),
  };
}
