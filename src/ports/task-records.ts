import type { StoredObject, TaskMetadata } from '../contracts/job.ts';

/** The stored record of each task, `metadata.json`: it answers for a task after Temporal has forgotten it. */
export interface TaskRecords {
  /** Replaces the whole record. Idempotent; readers see the old record or the new one. */
  write(metadata: TaskMetadata): Promise<StoredObject>;
  /**
   * `undefined` if the task has no record. Rejects with RECORD_TOO_NEW if a later Limelight wrote it, and with
   * OBJECT_CORRUPT if the bytes are not a record.
   */
  read(taskId: string): Promise<TaskMetadata | undefined>;
}
