import type { GateState } from '../contracts/provider-gate.ts';

/** What the API needs to know of a provider's jobs. Both reject with TEMPORAL_UNAVAILABLE where no answer comes in time. */
export interface ProviderGateClient {
  /** Whether jobs are held, and how many are at the provider. `undefined` before the first job. */
  state(): Promise<GateState | undefined>;
  /** Has the job look at its talk now; one that has ended, or never was, is passed over. */
  hint(taskId: string): Promise<void>;
}
