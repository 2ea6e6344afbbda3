import type { FilesAndBytes, RetentionGroup } from '../../contracts/schemas/retention.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { withoutObjects } from './judge-task.ts';

/** Deleting many objects at once is faster, but a decision must not be old when it is carried out. */
const MAX_OBJECTS = 1000;
const MAX_CONCURRENT_RECORDS = 8;

interface DeletionBatchOptions {
  store: Pick<ObjectStore, 'deleteMany'>;
  records: Pick<TaskRecords, 'write'>;
  dryRun: boolean;
  deleted: Record<RetentionGroup, FilesAndBytes>;
  fail(what: string, error: unknown): void;
}

interface Deletion {
  group: RetentionGroup;
  object: ListedObject;
}

/** Collects objects and deletes them in batches. */
export function createDeletionBatch({ store, records, dryRun, deleted, fail }: DeletionBatchOptions) {
  let collected: Deletion[] = [];
  let changed: TaskMetadata[] = [];

  async function flush(): Promise<void> {
    const deletions = collected;
    const newRecords = changed;
    collected = [];
    changed = [];
    try {
      if (!dryRun) {
        // Records first: an object that is listed but missing looks lost, while an unlisted one just stays longer.
        for (let start = 0; start < newRecords.length; start += MAX_CONCURRENT_RECORDS) {
          const some = newRecords.slice(start, start + MAX_CONCURRENT_RECORDS);
          await Promise.all(some.map((record) => records.write(record)));
        }
        await store.deleteMany(deletions.map(({ object }) => object.key));
      }
      for (const { group, object } of deletions) {
        deleted[group].files += 1;
        deleted[group].bytes += object.bytes;
      }
    } catch (error) {
      fail(`${deletions.length} files`, error);
    }
  }

  async function flushIfFull(): Promise<void> {
    if (collected.length >= MAX_OBJECTS) {
      await flush();
    }
  }

  return {
    async add(group: RetentionGroup, object: ListedObject): Promise<void> {
      collected.push({ group, object });
      await flushIfFull();
    },

    /** @param record of the task, if it stays: the objects are removed from it */
    async addTask(objects: Deletion[], record: TaskMetadata | undefined): Promise<void> {
      const newRecord = record && withoutObjects(record, new Set(objects.map(({ object }) => object.key)));
      if (newRecord) {
        changed.push(newRecord);
      }
      collected.push(...objects);
      await flushIfFull();
    },

    flush,
  };
}
