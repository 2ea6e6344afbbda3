import type { ProviderUsage } from '../contracts/schemas/job.ts';
import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';
import { ignoreFailure } from '../errors.ts';
import type { TimelineClient } from '../ports/job-client.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { keepAlive } from './keep-alive.ts';

export interface RecordDeps {
  store: ObjectStore;
  records: TaskRecords;
  /** Called with the last record of each job. */
  onEnd?: (metadata: TaskMetadata) => void;
  /** Source of the timeline in the last record of a job. */
  timelines?: TimelineClient;
}

export function createRecordActivities({ store, records, onEnd, timelines }: RecordDeps) {
  return {
    /** Replaces the task's `metadata.json`, unless a later one is stored. Idempotent: a repeated end counts once. */
    recordTask: (metadata: TaskMetadata): Promise<void> =>
      keepAlive(async () => {
        const timeline =
          metadata.outcome && timelines
            ? await ignoreFailure(timelines.read(metadata.task_id), 'a job ends without a timeline too')
            : undefined;
        const isNew = await records.write({ ...metadata, ...(timeline && { timeline }) });
        if (isNew && metadata.outcome) {
          onEnd?.(metadata);
        }
      }),

    /** Replaces the record of a job that has ended or is retried, unless a later one is stored. Does not count as an end. */
    amendTask: (metadata: TaskMetadata): Promise<void> =>
      keepAlive(async () => {
        await records.write(metadata);
      }),

    /** Adds a talk that was paid for to the record of a task, unless the task was erased. Idempotent. */
    addUsage: ({ taskId, usage }: { taskId: string; usage: ProviderUsage }): Promise<void> =>
      keepAlive(async () => {
        const record = await records.read(taskId);
        if (record && !record.usage?.some(({ talk_id }) => talk_id === usage.talk_id)) {
          // The later of two records counts, and the clock of the machine that wrote this one may be ahead.
          const updatedAt = Math.max(Date.now(), Date.parse(record.updated_at) + 1);
          await records.write({
            ...record,
            usage: [...(record.usage ?? []), usage],
            updated_at: new Date(updatedAt).toISOString(),
          });
        }
      }),

    /** Deletes objects and whole folders (prefixes that end in `/`). Idempotent. */
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
