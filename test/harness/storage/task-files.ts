import { lutimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredObject } from '../../../src/contracts/schemas/job.ts';
import { TaskMetadata } from '../../../src/contracts/schemas/task-metadata.ts';
import { taskKeys, uploadKey } from '../../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { JOB_OPTIONS } from '../job-options.ts';

export const DAY_MS = 24 * 3_600_000;

/** Makes objects of a file store look older than they are. */
export async function age(root: string, keys: Iterable<string>, days: number): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const key of keys) {
    await lutimes(join(root, key), then, then);
  }
}

export interface StoredTask {
  record: TaskMetadata;
  /** Keys of its files by name; the record is `metadata`. */
  keys: Record<'image' | 'mask' | 'video' | 'thumbnail' | 'metadata', string>;
}

/** A finished or running task with a few files and its record. */
export async function storeTask(
  store: ObjectStore,
  taskId: string,
  { isEnded = true, hasRecord = true }: { isEnded?: boolean; hasRecord?: boolean } = {},
): Promise<StoredTask> {
  const { mask, video, thumbnail, metadata } = taskKeys(taskId);
  const keys = { image: uploadKey(taskId, 'image', 'a'.repeat(16)), mask, video, thumbnail };
  const objects: StoredObject[] = [];
  for (const [name, key] of Object.entries(keys)) {
    objects.push(await store.put(key, Buffer.from(`${name} of ${taskId}`)));
  }
  const now = new Date().toISOString();
  const record = TaskMetadata.parse({
    schema_version: 1,
    task_id: taskId,
    fingerprint: taskId,
    submitted_at: now,
    updated_at: now,
    options: JOB_OPTIONS,
    objects,
    events: [],
    ...(isEnded && {
      outcome: {
        task_id: taskId,
        success: false,
        execution_time_ms: 1,
        error: { code: 'INTERNAL', message: '', stage: 'INITIALIZED', retryable: true, compensated: [] },
      },
    }),
  });
  if (hasRecord) {
    await store.put(metadata, Buffer.from(JSON.stringify(record)));
  }
  return { record, keys: { ...keys, metadata } };
}
