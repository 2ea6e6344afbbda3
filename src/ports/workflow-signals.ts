import type { GateMessage } from '../contracts/provider-gate.ts';

/**
 * Messages between workflows, sent by activities. Signals that a workflow sends itself add events to its history, and only so
 * many of them may be pending.
 */
export interface WorkflowSignals {
  /**
   * Resolves once the signal is part of the history of the running workflow.
   * `gone`: it has ended, never existed, or accepts no more signals. Rejects with TEMPORAL_UNAVAILABLE if the server does not
   * answer: then the signal may or may not arrive.
   */
  send(workflowId: string, signal: string, args?: readonly unknown[]): Promise<'sent' | 'gone'>;
  /** Starts the provider's breaker if it does not run. Rejects like `send`, also while the breaker accepts no more signals. */
  sendToBreaker(provider: string, message: GateMessage): Promise<void>;
  /** Rejects with TEMPORAL_UNAVAILABLE if the server does not answer. */
  isRunning(workflowId: string): Promise<boolean>;
}
