import type { TaskMetadata } from '../../contracts/job.ts';
import type { FilesAndBytes, RetentionGroup } from '../../contracts/retention.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { withoutObjects } from './judge-task.ts';

/** Deleting many at once is faster; few enough that a decision is young when it is carried out. */
const BATCH = 1000;
const RECORDS_AT_ONCE = 8;

interface BinOptions {
  store: Pick<ObjectStore, 'deleteMany'>;
  records: Pick<TaskRecords, 'write'>;
  dryRun: boolean;
  deleted: Record<RetentionGroup, FilesAndBytes>;
  fail(what: string, error: unknown): void;
}

interface Thrown {
  group: RetentionGroup;
  object: ListedObject;
}

/** Collects what is to go and deletes it in batches. */
export function createBin({ store, records, dryRun, deleted, fail }: BinOptions) {
  let thrown: Thrown[] = [];
  let changed: TaskMetadata[] = [];

  async function empty(): Promise<void> {
    const batch = thrown;
    const newRecords = changed;
    thrown = [];
    changed = [];
    try {
      if (!dryRun) {
        // What is named and gone looks lost; what is there and not named is only there for longer.
        for (let start = 0; start < newRecords.length; start += RECORDS_AT_ONCE) {
          await Promise.all(
            newRecords.slice(start, start + RECORDS_AT_ONCE).map((record) => records.write(record)),
          );
        }
        await store.deleteMany(batch.map(({ object }) => object.key));
      }
      for (const { group, object } of batch) {
        deleted[group].files += 1;
        deleted[group].bytes += object.bytes;
      }
    } catch (error) {
      fail(`${batch.length} files`, error);
    }
  }

  return {
    async throw(group: RetentionGroup, object: ListedObject): Promise<void> {
      thrown.push({ group, object });
      if (thrown.length >= BATCH) {
        await empty();
      }
    },

    /** The files of a task, with its record where that stays. */
    async throwTask(objects: Thrown[], record: TaskMetadata | undefined): Promise<void> {
      const newRecord = record && withoutObjects(record, new Set(objects.map(({ object }) => object.key)));
      if (newRecord) {
        changed.push(newRecord);
      }
      thrown.push(...objects);
      if (thrown.length >= BATCH) {
        await empty();
      }
    },

    empty,
  };
}
