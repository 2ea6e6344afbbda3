import { type Client, WorkflowFailedError } from '@temporalio/client';
import { QUEUES } from '../contracts/queues.ts';
import { SELF_TEST, type SelfTestResult } from '../contracts/self-test.ts';
import { PipelineError } from '../errors.ts';
import type { ModelClient } from '../ports/models.ts';
import { countWaiting } from './queue-place.ts';
import { callTemporal, toPipelineError, toWorkflowFailure } from './temporal-error.ts';

/** Longer than the workflow's own timeout for its activity. */
const SELF_TEST_TIMEOUT_MS = 25_000;

/** `ModelClient` over a Temporal client. */
export function createTemporalModels({ client }: { client: Client }): ModelClient {
  return {
    queueLength: (queue) => callTemporal(client, () => countWaiting(client, queue)),

    async selfTest(name) {
      try {
        return await client.withDeadline(Date.now() + SELF_TEST_TIMEOUT_MS, () =>
          client.workflow.execute<(name: string) => Promise<SelfTestResult>>(SELF_TEST, {
            workflowId: `self-test/${name}`,
            // If several API processes ask at once, one run answers all of them.
            workflowIdConflictPolicy: 'USE_EXISTING',
            taskQueue: QUEUES.pipeline,
            workflowExecutionTimeout: SELF_TEST_TIMEOUT_MS,
            staticSummary: `Self-test of ${name}`,
            args: [name],
          }),
        );
      } catch (error) {
        throw toSelfTestError(error, name);
      }
    },
  };
}

function toSelfTestError(error: unknown, name: string): unknown {
  if (!(error instanceof WorkflowFailedError)) {
    return toPipelineError(error);
  }
  return (
    toWorkflowFailure(error) ??
    new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      `Expected an answer from ${name} within ${SELF_TEST_TIMEOUT_MS / 1000} s, but none came: its slots are busy, or no worker is running`,
      { cause: error },
    )
  );
}
