import type { Client } from '@temporalio/client';
import type proto from '@temporalio/proto';
import { toWorkflowId } from '../../src/contracts/messages.ts';

/** When an activity was queued, started and ended, in milliseconds since 1970. `NaN` for what has not happened. */
export interface ActivityRun {
  taskId: string;
  scheduledMs: number;
  startedMs: number;
  endedMs: number;
}

/** The first run of an activity type in each of these tasks, from their histories. */
export async function readActivityRuns(
  client: Client,
  taskIds: string[],
  type: string,
): Promise<ActivityRun[]> {
  return Promise.all(
    taskIds.map(async (taskId) => {
      const history = await client.workflow.getHandle(toWorkflowId(taskId)).fetchHistory();
      const events = history.events ?? [];
      const at = (event: proto.temporal.api.history.v1.IHistoryEvent | undefined) =>
        Number(event?.eventTime?.seconds) * 1000 + Number(event?.eventTime?.nanos) / 1e6;
      const scheduled = events.find(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type,
      );
      const id = scheduled && String(scheduled.eventId);
      const started = events.find(
        ({ activityTaskStartedEventAttributes: attributes }) =>
          attributes && String(attributes.scheduledEventId) === id,
      );
      const ended = events.find(
        ({ activityTaskCompletedEventAttributes: attributes }) =>
          attributes && String(attributes.scheduledEventId) === id,
      );
      return { taskId, scheduledMs: at(scheduled), startedMs: at(started), endedMs: at(ended) };
    }),
  );
}

/** The most runs that went on at the same time. */
export function mostAtOnce(runs: ActivityRun[]): number {
  const running = ({ startedMs }: ActivityRun) =>
    runs.filter((other) => other.startedMs <= startedMs && startedMs < other.endedMs).length;
  return Math.max(...runs.map(running));
}
