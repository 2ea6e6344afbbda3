import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';
import { toWorkflowId } from '../contracts/messages.ts';
import { toRetryWindowId } from '../contracts/retry.ts';
import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';
import { ignoreFailure } from '../errors.ts';
import { fetchEvents } from './decode-payloads.ts';
import { unlessMissing } from './temporal-error.ts';
import { createTemporalTimeline } from './temporal-timeline.ts';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** The activities that write `metadata.json`. Their input is the whole record. */
const WRITERS: ReadonlySet<string> = new Set(['recordTask', 'amendTask']);

/**
 * The record of a task as its workflows wrote it last, while Temporal has their histories. Rejects if Temporal does not
 * answer.
 */
export async function recallRecord(
  client: Pick<Client, 'workflow' | 'options' | 'withDeadline'>,
  taskId: string,
): Promise<TaskMetadata | undefined> {
  const records: TaskMetadata[] = [];
  for (const workflowId of [toWorkflowId(taskId), toRetryWindowId(taskId)]) {
    records.push(...toRecords(await historyOf(client, workflowId)));
  }
  const latest = records.toSorted((a, b) => Date.parse(a.updated_at) - Date.parse(b.updated_at)).at(-1);
  const timeline =
    latest?.outcome &&
    (await ignoreFailure(
      createTemporalTimeline({ client }).read(taskId),
      'a record is complete without a timeline',
    ));
  return latest && { ...latest, ...(timeline && { timeline }) };
}

async function historyOf(
  client: Pick<Client, 'workflow' | 'options'>,
  workflowId: string,
): Promise<HistoryEvent[]> {
  const handle = client.workflow.getHandle(workflowId);
  return (await unlessMissing(() => fetchEvents(client, handle))) ?? [];
}

function toRecords(events: HistoryEvent[]): TaskMetadata[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: call }) => {
    const [metadata] = call?.input?.payloads ?? [];
    return metadata && WRITERS.has(call?.activityType?.name ?? '')
      ? [defaultPayloadConverter.fromPayload<TaskMetadata>(metadata)]
      : [];
  });
}
