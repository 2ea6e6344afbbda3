import type { LimelightClient } from '../client/limelight-client.ts';
import type { TaskSummary } from '../contracts/schemas/task-status.ts';
import { PipelineError } from '../errors.ts';

export const TASK_ARGUMENT = 'task id, its first characters, or last';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** First characters of an id are matched against this many tasks. */
const MAX_RECENT = 100;

/** @throws PipelineError TASK_NOT_FOUND if no recent task matches, or more than one. */
export async function findTask(client: LimelightClient, typed: string, signal: AbortSignal): Promise<string> {
  if (UUID.test(typed)) {
    return typed.toLowerCase();
  }
  const { tasks } = await client.list({ signal, limit: MAX_RECENT });
  const matching =
    typed === 'last' ? tasks.slice(0, 1) : tasks.filter(({ task_id }) => task_id.startsWith(typed));
  if (matching.length !== 1) {
    throw new PipelineError('TASK_NOT_FOUND', toMessage(typed, matching));
  }
  return matching[0]!.task_id;
}

function toMessage(typed: string, matching: TaskSummary[]): string {
  if (matching.length > 1) {
    return `${matching.length} tasks begin with ${typed}: give more characters.`;
  }
  return typed === 'last' ? 'There are no tasks yet.' : `No recent task begins with ${typed}.`;
}
