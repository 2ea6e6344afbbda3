import type { ErasedThing } from '../contracts/schemas/erase-receipt.ts';
import type { RemoteThing } from '../contracts/schemas/job.ts';
import { TIERS, taskPrefix } from '../contracts/task-keys.ts';
import type { TaskExecutions } from '../ports/job-client.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { keepAlive } from './keep-alive.ts';

export interface EraseDeps {
  store: ObjectStore;
  records: TaskRecords;
  executions: TaskExecutions;
}

export function createEraseActivities({ store, records, executions }: EraseDeps) {
  return {
    async endExecutions({ taskId }: { taskId: string }): Promise<void> {
      await keepAlive((signal) => executions.end(taskId, signal));
    },

    /** Lists what is stored at the provider. Only the record names it, so call this before the record is erased. */
    async findRemote({ taskId }: { taskId: string }): Promise<RemoteThing[]> {
      return (await records.readReferences(taskId)).remote ?? [];
    },

    /**
     * Erases the task's entries in the content cache, then all its files, the record last. Lists only what it has erased.
     */
    async eraseFiles({ taskId }: { taskId: string }): Promise<ErasedThing[]> {
      const erased: ErasedThing[] = [];
      const erase = async (kind: ErasedThing['kind'], prefix: string) => {
        for (const name of await store.deleteAll(prefix)) {
          erased.push({ kind, name, erased_at: new Date().toISOString() });
        }
      };
      // Other tasks that use an entry have their own copies.
      for (const entry of (await records.readReferences(taskId)).cache_entries ?? []) {
        await erase('cache', entry);
      }
      for (const tier of TIERS.filter((one) => one !== 'videos')) {
        await erase('file', taskPrefix(tier, taskId));
      }
      await erase('file', taskPrefix('videos', taskId));
      return erased;
    },

    async deleteExecutions({ taskId }: { taskId: string }): Promise<ErasedThing[]> {
      const names = await keepAlive(() => executions.delete(taskId));
      const erased_at = new Date().toISOString();
      return names.map((name) => ({ kind: 'execution' as const, name, erased_at }));
    },
  };
}

export type EraseActivities = ReturnType<typeof createEraseActivities>;
