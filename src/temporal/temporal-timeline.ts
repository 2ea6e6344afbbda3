import type { Client } from '@temporalio/client';
import { toWorkflowId } from '../contracts/messages.ts';
import { JobMemo } from '../contracts/schemas/messages.ts';
import type { TimelineClient } from '../ports/job-client.ts';
import { decodePending, fetchEvents } from './decode-payloads.ts';
import { toTimeline } from './history-timeline.ts';
import { readMemo } from './read-memo.ts';
import { callTemporal } from './temporal-error.ts';

/** `TimelineClient` over a Temporal client. */
export function createTemporalTimeline({
  client,
}: {
  client: Pick<Client, 'workflow' | 'options' | 'withDeadline'>;
}): TimelineClient {
  return {
    async read(taskId) {
      const handle = client.workflow.getHandle(toWorkflowId(taskId));
      const [events, description] = await callTemporal(
        client,
        () => Promise.all([fetchEvents(client, handle), handle.describe()]),
        { taskId },
      );
      const memo = readMemo(JobMemo, description.memo);
      return toTimeline({
        taskId,
        events,
        pending: await decodePending(client, description),
        submittedAt: memo.submittedAt,
        nowMs: Date.now(),
      });
    },
  };
}
