import type { TaskMetadata } from '../contracts/job.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { TaskRecords } from '../storage/task-records.ts';

export interface RecordDeps {
  store: ObjectStore;
  records: TaskRecords;
  /** Told of each record that was written last: its job has ended. */
  onEnd?: (metadata: TaskMetadata) => void;
}

export function createRecordActivities({ store, records, onEnd }: RecordDeps) {
  return {
    /** Writes the task's `metadata.json`, the whole of it: repeating it is harmless. */
    async recordTask(metadata: TaskMetadata): Promise<void> {
      await records.write(metadata);
      if (metadata.outcome) {
        onEnd?.(metadata);
      }
    },

    /** Deletes objects and whole folders (prefixes that end in `/`). What is not there is deleted already. */
    async discard(what: { keys?: string[]; prefixes?: string[] }): Promise<void> {
      await Promise.all([
        ...(what.keys ?? []).map((key) => store.delete(key)),
        ...(what.prefixes ?? []).map((prefix) => store.deleteAll(prefix)),
      ]);
    },
  };
}

export type RecordActivities = ReturnType<typeof createRecordActivities>;
