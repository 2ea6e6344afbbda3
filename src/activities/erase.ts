import { CACHE_PREFIX } from '../contracts/content-cache.ts';
import type { ErasedThing } from '../contracts/schemas/erase-receipt.ts';
import type { RemoteThing } from '../contracts/schemas/job.ts';
import { TIERS, taskPrefix } from '../contracts/task-keys.ts';
import { isFailure } from '../errors.ts';
import type { RemoteLedger, TaskExecutions } from '../ports/job-client.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordReferences, TaskRecords } from '../ports/task-records.ts';
import { keepAlive } from './keep-alive.ts';

export interface EraseDeps {
  store: ObjectStore;
  records: TaskRecords;
  executions: TaskExecutions;
}

export function createEraseActivities({ store, records, executions }: EraseDeps) {
  /** Rejects if the store does not respond, to be retried. A record that cannot be read must not keep the files of its task. */
  async function readReferences(taskId: string): Promise<RecordReferences> {
    try {
      return (await records.readReferences(taskId)) ?? {};
    } catch (error) {
      if (isFailure(error, 'STORAGE_UNAVAILABLE')) {
        throw error;
      }
      return {};
    }
  }

  return {
    async endExecutions({ taskId }: { taskId: string }): Promise<void> {
      await keepAlive((signal) => executions.end(taskId, signal));
    },

    /** What the record of a successful job lists at the provider. Call it before the record is erased. */
    findRemote: ({ taskId }: { taskId: string }): Promise<RemoteThing[]> =>
      keepAlive(async () => (await readReferences(taskId)).remote ?? []),

    /** What the histories of the task list at the provider. Call it before they are deleted. */
    readLedger: ({ taskId }: { taskId: string }): Promise<RemoteLedger> =>
      keepAlive(() => executions.ledger(taskId)),

    /**
     * Erases all files of the task and its entries in the content cache, the record last, because only that names the entries.
     * Lists only what it has erased.
     */
    eraseFiles: ({ taskId }: { taskId: string }): Promise<ErasedThing[]> =>
      keepAlive(async () => {
        const erased: ErasedThing[] = [];
        const erase = async (kind: ErasedThing['kind'], prefix: string) => {
          for (const name of await store.deleteAll(prefix)) {
            erased.push({ kind, name, erased_at: new Date().toISOString() });
          }
        };
        for (const tier of TIERS.filter((one) => one !== 'videos')) {
          await erase('file', taskPrefix(tier, taskId));
        }
        // Other tasks that use an entry have their own copies.
        for (const entry of ((await readReferences(taskId)).cache_entries ?? []).filter(isCacheEntry)) {
          await erase('cache', entry);
        }
        await erase('file', taskPrefix('videos', taskId));
        return erased;
      }),

    untilEnded: ({ workflowIds }: { workflowIds: string[] }): Promise<void> =>
      keepAlive((signal) => executions.untilEnded(workflowIds, signal)),

    /** @param tidyUps those that an earlier call has returned */
    async deleteExecutions({
      taskId,
      tidyUps: also = [],
    }: {
      taskId: string;
      tidyUps?: string[];
    }): Promise<{ erased: ErasedThing[]; tidyUps: string[] }> {
      const { names, tidyUps } = await keepAlive(() => executions.delete(taskId, also));
      const erased_at = new Date().toISOString();
      return { erased: names.map((name) => ({ kind: 'execution' as const, name, erased_at })), tidyUps };
    },
  };
}

/** A damaged record must neither delete other files nor stop the erasing. */
function isCacheEntry(prefix: string): boolean {
  return prefix.startsWith(CACHE_PREFIX) && /^[^/]+\/\w+\/\w+\/$/.test(prefix);
}

export type EraseActivities = ReturnType<typeof createEraseActivities>;
