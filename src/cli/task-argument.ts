import type { LimelightClient } from '../client/limelight-client.ts';
import type { TaskSummary } from '../contracts/task-status.ts';
import { PipelineError } from '../errors.ts';

export const TASK_ARGUMENT = 'its id, the first characters of it, or last';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The first characters of an id are looked for among this many. */
const RECENT = 100;

/** @throws PipelineError TASK_NOT_FOUND where no recent task, or more than one, fits what was typed. */
export async function findTask(client: LimelightClient, typed: string, signal: AbortSignal): Promise<string> {
  if (UUID.test(typed)) {
    return typed.toLowerCase();
  }
  const { tasks } = await client.list({ signal, limit: RECENT });
  const fitting =
    typed === 'last' ? tasks.slice(0, 1) : tasks.filter(({ task_id }) => task_id.startsWith(typed));
  if (fitting.length !== 1) {
    throw new PipelineError('TASK_NOT_FOUND', toFault(typed, fitting));
  }
  return fitting[0]!.task_id;
}

function toFault(typed: string, fitting: TaskSummary[]): string {
  if (fitting.length > 1) {
    return `${fitting.length} tasks begin with ${typed}: give more characters of the one that is meant.`;
  }
  return typed === 'last' ? 'There is no task yet.' : `No recent task begins with ${typed}.`;
}
