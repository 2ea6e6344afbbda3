import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';

/** The stored record of each task, `metadata.json`: it answers for a task after Temporal has deleted the job. */
export interface TaskRecords {
  /**
   * Replaces the whole record, unless the stored one is newer: its last event has a higher `seq`, or the same `seq` and a
   * later `updated_at`. Keeps the talks that the stored one lists as paid for. Idempotent; readers see the old record or the
   * new one. Rejects with OBJECT_CORRUPT, and writes nothing, if the record could not be read back.
   *
   * @returns whether the task had no record, or an older one
   */
  write(record: TaskMetadata): Promise<boolean>;
  /**
   * `undefined` if the task has no record. Rejects with RECORD_TOO_NEW if a later version wrote it, and with
   * OBJECT_CORRUPT if it cannot be parsed.
   */
  read(taskId: string): Promise<TaskMetadata | undefined>;
  /**
   * Whose task it is, and the things outside its folders that the record lists. Access and erasing must not depend on the
   * rest of the record, so this also works on a record that `read` rejects: fields that cannot be parsed are absent.
   * `undefined` if the task has no record.
   */
  readReferences(taskId: string): Promise<RecordReferences | undefined>;
}

export type RecordReferences = Pick<TaskMetadata, 'owner' | 'remote' | 'cache_entries'>;
