import { z } from 'zod';
import type { TaskMetadata } from '../contracts/job.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { objectCorrupt } from './object-errors.ts';
import { TASK_METADATA_VERSION, TaskMetadataFile } from './task-metadata.ts';

export function createTaskRecords({ store }: { store: ObjectStore }): TaskRecords {
  return {
    async write(metadata) {
      const json = `${JSON.stringify(metadata, null, 2)}\n`;
      return store.put(taskKeys(metadata.task_id).metadata, Buffer.from(json));
    },

    async read(taskId) {
      const key = taskKeys(taskId).metadata;
      const json = await store.read(key).catch(ignoreMissing);
      return json && parseRecord(key, json.toString());
    },
  };
}

function parseRecord(key: string, json: string): TaskMetadata {
  const record = parseJson(key, json);
  const version = z.looseObject({ schema_version: z.int().min(1) }).safeParse(record).data?.schema_version;
  if (version && version > TASK_METADATA_VERSION) {
    throw new PipelineError(
      'RECORD_TOO_NEW',
      `Expected ${key} to have schema_version ${TASK_METADATA_VERSION} or less, but it has ${version}. Upgrade this Limelight to the version that wrote it`,
    );
  }
  const parsed = TaskMetadataFile.safeParse(record);
  if (!parsed.success) {
    throw objectCorrupt(key, `it is no record of a task (${z.prettifyError(parsed.error)})`);
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

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof PipelineError && error.code === 'OBJECT_NOT_FOUND')) {
    throw error;
  }
}
