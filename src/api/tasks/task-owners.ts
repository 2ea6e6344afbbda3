import { isUnreadableRecord, PipelineError } from '../../errors.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { type Caller, maySee } from '../access/caller.ts';

/** The key that submitted a task; `undefined` if it was submitted without one. Rejects with TASK_NOT_FOUND. */
export type FindOwner = (taskId: string) => Promise<string | undefined>;

const MAX_CACHED = 10_000;

/** The owner of a task never changes, so each is looked up once. */
export function createTaskOwners({ jobs, records }: { jobs: JobClient; records: TaskRecords }): FindOwner {
  const known = new Map<string, string | undefined>();

  const look = async (taskId: string): Promise<string | undefined> => {
    try {
      return (await jobs.describe(taskId)).memo.owner;
    } catch (error) {
      // Second, because running tasks have an owner while the store does not respond.
      const record = await records.read(taskId).catch((failure) => {
        throw isUnreadableRecord(failure) ? error : failure;
      });
      if (!record) {
        throw error;
      }
      return record.owner;
    }
  };

  return async (taskId) => {
    if (known.has(taskId)) {
      return known.get(taskId);
    }
    const owner = await look(taskId);
    if (known.size >= MAX_CACHED) {
      known.delete(known.keys().next().value!);
    }
    known.set(taskId, owner);
    return owner;
  };
}

/** Rejects with TASK_NOT_FOUND if the task belongs to another key or does not exist yet. */
export async function assertOwn(
  findOwner: FindOwner,
  caller: Caller | undefined,
  taskId: string,
): Promise<void> {
  if (!caller || caller.scopes.has('admin') || caller.linkedTaskId === taskId) {
    return;
  }
  if (!maySee(caller, await findOwner(taskId))) {
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId}.`);
  }
}
