import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';
import type { TimelineClient } from '../ports/job-client.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { keepAlive } from './keep-alive.ts';

export interface RecordDeps {
  store: ObjectStore;
  records: TaskRecords;
  /** Told of each record that was written last: its job has ended. */
  onEnd?: (metadata: TaskMetadata) => void;
  /** Asked at the end of a job, so that its record can tell later where the time went. */
  timelines?: TimelineClient;
}

export function createRecordActivities({ store, records, onEnd, timelines }: RecordDeps) {
  return {
    /** Writes the task's `metadata.json`, the whole of it: repeating it is harmless. */
    recordTask: (metadata: TaskMetadata): Promise<void> =>
      keepAlive(async () => {
        // A job ends with or without it.
        const timeline = metadata.outcome && (await timelines?.read(metadata.task_id).catch(() => undefined));
        await records.write({ ...metadata, ...(timeline && { timeline }) });
        if (metadata.outcome) {
          onEnd?.(metadata);
        }
      }),

    /** Writes a record again whose job ended before, or goes on: nobody is told of an end. */
    amendTask: (metadata: TaskMetadata): Promise<void> =>
      keepAlive(async () => {
        await records.write(metadata);
      }),

    /** Deletes objects and whole folders (prefixes that end in `/`). What is not there is deleted already. */
    discard: (what: { keys?: string[]; prefixes?: string[] }): Promise<void> =>
      keepAlive(async () => {
        await Promise.all([
          ...(what.keys ?? []).map((key) => store.delete(key)),
          ...(what.prefixes ?? []).map((prefix) => store.deleteAll(prefix)),
        ]);
      }),
  };
}

export type RecordActivities = ReturnType<typeof createRecordActivities>;
