import { isFailure, PipelineError } from '../../errors.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { type Caller, maySee } from '../access/caller.ts';

/**
 * The key that submitted a task; `undefined` if it was submitted without one, or if its record is too damaged to name it.
 * Rejects with TASK_NOT_FOUND if there is neither a task nor the receipt of its erasure.
 */
export type FindOwner = (taskId: string) => Promise<string | undefined>;

export interface TaskOwnersDeps {
  jobs: Pick<JobClient, 'describe' | 'describeErasure'>;
  records: Pick<TaskRecords, 'readReferences'>;
}

/**
 * Asks each time and remembers nothing: any API process may erase a task, and another key may then submit one under the
 * same id.
 */
export function createTaskOwners({ jobs, records }: TaskOwnersDeps): FindOwner {
  return async (taskId) => {
    try {
      return (await jobs.describe(taskId)).memo.owner;
    } catch (error) {
      // Second, because running tasks have an owner while the store does not respond.
      const record = await records.readReferences(taskId);
      if (record) {
        return record.owner;
      }
      if (!isFailure(error, 'TASK_NOT_FOUND')) {
        throw error;
      }
      return (await jobs.describeErasure(taskId)).owner;
    }
  };
}

/** Rejects with TASK_NOT_FOUND if the task belongs to another key or does not exist. */
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
