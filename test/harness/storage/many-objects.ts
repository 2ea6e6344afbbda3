/** Creates stores with many objects in seconds: in the layout of the file store, without its fsyncs. */
import { createHash } from 'node:crypto';
import { lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StoredObject } from '../../../src/contracts/schemas/job.ts';
import type { TaskMetadata } from '../../../src/contracts/schemas/task-metadata.ts';
import { taskKeys, uploadKey } from '../../../src/contracts/task-keys.ts';
import { toVersionName } from '../../../src/storage/file/version.ts';
import { JOB_OPTIONS } from '../job-options.ts';
import { DAY_MS } from './task-files.ts';

/** Files and a record. */
export const OBJECTS_PER_TASK = 10;

export function putFast(root: string, key: string, bytes: Buffer, ageDays: number): StoredObject {
  const object = { key, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  const path = join(root, key);
  const version = toVersionName(basename(key), object);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(join(dirname(path), version), bytes);
  symlinkSync(version, path);
  const then = new Date(Date.now() - ageDays * DAY_MS);
  lutimesSync(path, then, then);
  return object;
}

/** A finished task with nine files and a record, or a running one with the record of its last stage. */
export function putTask(root: string, taskId: string, ageDays: number, isRunning: boolean): string[] {
  const { metadata, ...keys } = taskKeys(taskId);
  const names = [uploadKey(taskId, 'image', 'a'.repeat(16)), uploadKey(taskId, 'audio', 'b'.repeat(16))];
  const { photo, voice, mask, cutout, portrait, video, thumbnail } = keys;
  const files = [...names, photo, voice, mask, cutout, portrait, video, thumbnail];
  const objects = files.map((key) => putFast(root, key, Buffer.from(key), ageDays));
  const then = new Date(Date.now() - ageDays * DAY_MS).toISOString();
  const record: TaskMetadata = {
    schema_version: 1,
    task_id: taskId,
    fingerprint: taskId,
    submitted_at: then,
    updated_at: then,
    options: JOB_OPTIONS,
    objects,
    events: [],
    ...(!isRunning && {
      outcome: {
        task_id: taskId,
        success: false,
        execution_time_ms: 1,
        error: { code: 'INTERNAL', message: '', stage: 'INITIALIZED', retryable: true, compensated: [] },
      },
    }),
  };
  putFast(root, metadata, Buffer.from(JSON.stringify(record)), ageDays);
  return [...files, metadata];
}
