import {
  ANSWER_SIGNAL,
  type AnswerBatch,
  type GateMessage,
  type Undelivered,
} from '../contracts/provider-gate.ts';
import type { WorkflowSignals } from '../ports/workflow-signals.ts';
import { forEach } from './for-each.ts';
import { keepAlive } from './keep-alive.ts';

/** The messages between jobs and the breaker of their provider. */
export function createGateActivities({ signals }: { signals: WorkflowSignals }) {
  return {
    /** Resolves once the breaker has the message. */
    tellBreaker: ({ provider, message }: { provider: string; message: GateMessage }): Promise<void> =>
      keepAlive(() => signals.sendToBreaker(provider, message)),

    /** The jobs that are not returned have the answer. */
    answerJobs: ({ answer, jobs }: AnswerBatch): Promise<Undelivered> =>
      keepAlive(async () => {
        const gone: string[] = [];
        const unreached: string[] = [];
        await forEach(jobs, async ({ workflowId, askedAt }) => {
          try {
            const outcome = await signals.send(workflowId, ANSWER_SIGNAL, [askedAt, answer]);
            if (outcome === 'gone') gone.push(workflowId);
          } catch {
            unreached.push(workflowId);
          }
        });
        return { gone, unreached };
      }),

    /** Those of the workflows that have certainly ended. */
    findEnded: ({ workflowIds }: { workflowIds: string[] }): Promise<string[]> =>
      keepAlive(async () => {
        const ended: string[] = [];
        await forEach(workflowIds, async (workflowId) => {
          if (!(await signals.isRunning(workflowId))) ended.push(workflowId);
        });
        return ended;
      }),
  };
}

export type GateActivities = ReturnType<typeof createGateActivities>;
