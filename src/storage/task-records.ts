import { z } from 'zod';
import { TaskRecord } from '../contracts/schemas/task-record.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { objectCorrupt } from './object-errors.ts';

const SCHEMA_VERSION = TaskRecord.shape.schema_version.value;

export function createTaskRecords({ store }: { store: ObjectStore }): TaskRecords {
  return {
    async write(record) {
      const key = taskKeys(record.task_id).metadata;
      const parsed = TaskRecord.safeParse(record);
      if (!parsed.success) {
        throw objectCorrupt(key, `it would not be a record of a task (${z.prettifyError(parsed.error)})`);
      }
      const json = `${JSON.stringify(parsed.data, null, 2)}\n`;
      return store.put(key, Buffer.from(json));
    },

    async read(taskId) {
      const key = taskKeys(taskId).metadata;
      try {
        return parseRecord(key, (await store.read(key)).toString());
      } catch (error) {
        if (isFailure(error, 'OBJECT_NOT_FOUND')) {
          return undefined;
        }
        throw error;
      }
    },
  };
}

function parseRecord(key: string, json: string): TaskRecord {
  const record = parseJson(key, json);
  const version = z.looseObject({ schema_version: z.int().min(1) }).safeParse(record).data?.schema_version;
  if (version && version > SCHEMA_VERSION) {
    throw new PipelineError(
      'RECORD_TOO_NEW',
      `Expected ${key} to have schema_version ${SCHEMA_VERSION} or less, but it has ${version}. Upgrade this Limelight to the version that wrote it`,
    );
  }
  const parsed = TaskRecord.safeParse(record);
  if (!parsed.success) {
    throw objectCorrupt(key, `it is not a record of a task (${z.prettifyError(parsed.error)})`);
  }
  return parsed.data;
}

function parseJson(key: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw objectCorrupt(key, 'it is not JSON');
  }
}
