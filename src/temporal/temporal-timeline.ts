import type { Client } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import type { JobMemo } from '../contracts/schemas/messages.ts';
import type { TimelineClient } from '../ports/job-client.ts';
import { toTimeline } from './history-timeline.ts';
import { toPipelineError } from './temporal-error.ts';

const CALL_TIMEOUT_MS = 5_000;

/** `TimelineClient` over a Temporal client. */
export function createTemporalTimeline({
  client,
}: {
  client: Pick<Client, 'workflow' | 'withDeadline'>;
}): TimelineClient {
  return {
    async read(taskId) {
      const handle = client.workflow.getHandle(toWorkflowId(taskId));
      try {
        const [history, description] = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
          Promise.all([handle.fetchHistory(), handle.describe()]),
        );
        const memo = description.memo as unknown as JobMemo;
        return toTimeline({
          taskId,
          events: history.events ?? [],
          pending: description.raw.pendingActivities ?? [],
          submittedAt: memo.submittedAt,
          nowMs: Date.now(),
        });
      } catch (error) {
        throw toPipelineError(error, taskId);
      }
    },
  };
}
