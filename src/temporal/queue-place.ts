import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { clamp } from '../clamp.ts';
import { QUEUES, type QueueName } from '../contracts/queues.ts';
import type { QueuePlace } from '../contracts/schemas/task-status.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { Stage } from '../contracts/stages.ts';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { PENDING_ACTIVITY_STATE_SCHEDULED } = proto.temporal.api.enums.v1.PendingActivityState;

/** The activities that wait for a slot, and their queues. */
const SLOT_QUEUES: Record<string, QueueName> = {
  prepareMedia: 'media',
  detectPersons: 'yolo',
  removeBackground: 'birefnet',
  renderTalk: 'render',
};

/** The queue in which a job now waits for a slot, from its pending activities. */
export function toWaitsIn(
  activities: proto.temporal.api.workflow.v1.IPendingActivityInfo[],
): QueueName | undefined {
  const waiting = activities.find(
    ({ state, activityType }) =>
      state === PENDING_ACTIVITY_STATE_SCHEDULED && SLOT_QUEUES[activityType?.name ?? ''],
  );
  return waiting && SLOT_QUEUES[waiting.activityType!.name!];
}

/** How many activities wait in a queue. */
export async function countWaiting(client: Client, queue: QueueName): Promise<number> {
  const { stats } = await client.connection.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: QUEUES[queue] },
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
}

/**
 * Temporal does not report a task's place in a queue. Jobs are served in the order of submission, so the place is the
 * number of earlier jobs in the same stage, minus the jobs that have a slot: those are in the stage but not in the queue.
 */
export async function readQueuePlace(
  client: Client,
  { queue, stage, submittedAt }: { queue: QueueName; stage: Stage; submittedAt: string },
): Promise<QueuePlace> {
  const inStage = `ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTES.stage} = '${stage}'`;
  const [waiting, all, earlier] = await Promise.all([
    countWaiting(client, queue),
    client.workflow.count(inStage),
    client.workflow.count(`${inStage} AND StartTime < '${submittedAt}'`),
  ]);
  const length = Math.max(1, waiting);
  const working = Math.max(0, all.count - length);
  return { name: queue, position: clamp(earlier.count + 1 - working, 1, length), length };
}
