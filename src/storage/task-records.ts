import { z } from 'zod';
import { TaskMetadata } from '../contracts/schemas/task-metadata.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { isFailure, isUnreadableRecord, PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import type { Logger } from '../telemetry/logger.ts';
import { objectCorrupt } from './object-errors.ts';

const { owner, remote, cache_entries, usage } = TaskMetadata.shape;
const References = z.object({
  owner: owner.catch(undefined),
  remote: remote.catch(undefined),
  cache_entries: cache_entries.catch(undefined),
});
const SCHEMA_VERSION = TaskMetadata.shape.schema_version.value;

export interface TaskRecordsOptions {
  store: ObjectStore;
  /** Logs each record that cannot be read. */
  logger?: Pick<Logger, 'error'>;
}

export function createTaskRecords({ store, logger }: TaskRecordsOptions): TaskRecords {
  async function load(key: string): Promise<string | undefined> {
    try {
      return (await store.read(key)).toString();
    } catch (error) {
      if (isFailure(error, 'OBJECT_NOT_FOUND')) {
        return undefined;
      }
      throw error;
    }
  }

  /** `undefined` if there is no record, or if it cannot be compared and so is replaced. */
  async function loadState(key: string): Promise<RecordState | undefined> {
    try {
      const json = await load(key);
      return json === undefined ? undefined : RecordState.safeParse(parseJson(key, json)).data;
    } catch (error) {
      if (isUnreadableRecord(error)) {
        return undefined;
      }
      throw error;
    }
  }

  return {
    async write(record) {
      const key = taskKeys(record.task_id).metadata;
      const parsed = TaskMetadata.safeParse(record);
      if (!parsed.success) {
        throw objectCorrupt(key, 'it would not be a record of a task', parsed.error);
      }
      const stored = await loadState(key);
      const age = compareStates(parsed.data, stored);
      if (age >= 0) {
        const whole = { ...parsed.data, ...mergeUsage(stored?.usage, parsed.data.usage) };
        await store.put(key, Buffer.from(`${JSON.stringify(whole, null, 2)}\n`));
      }
      return age > 0;
    },

    async read(taskId) {
      const key = taskKeys(taskId).metadata;
      try {
        const json = await load(key);
        return json === undefined ? undefined : parseRecord(key, json);
      } catch (error) {
        if (isUnreadableRecord(error)) {
          logger?.error({ err: error, task_id: taskId }, 'The record of a task cannot be read');
        }
        throw error;
      }
    },

    async readReferences(taskId) {
      const key = taskKeys(taskId).metadata;
      try {
        const json = await load(key);
        return json === undefined ? undefined : References.parse(parseJson(key, json));
      } catch (error) {
        if (isUnreadableRecord(error) || error instanceof z.ZodError) {
          return {};
        }
        throw error;
      }
    },
  };
}

/** The part of a record that decides which of two is newer, and what the newer one keeps. */
const RecordState = z.looseObject({
  updated_at: z.string(),
  events: z.array(z.looseObject({ seq: z.number() })),
  usage: usage.catch(undefined),
});
type RecordState = z.infer<typeof RecordState>;

/** Positive if `a` is newer than `b`, negative if it is older. */
function compareStates(a: RecordState, b: RecordState | undefined): number {
  if (!b) {
    return 1;
  }
  const seqOf = ({ events }: RecordState) => events.at(-1)?.seq ?? 0;
  return seqOf(a) - seqOf(b) || Date.parse(a.updated_at) - Date.parse(b.updated_at);
}

/** A talk stays paid for. Its latest entry counts, because a refund may be expected later. */
function mergeUsage(
  stored: TaskMetadata['usage'] = [],
  given: TaskMetadata['usage'] = [],
): Pick<TaskMetadata, 'usage'> {
  const byTalk = new Map([...stored, ...given].map((one) => [`${one.provider} ${one.talk_id}`, one]));
  return byTalk.size > 0 ? { usage: [...byTalk.values()] } : {};
}

function parseRecord(key: string, json: string): TaskMetadata {
  const record = parseJson(key, json);
  const version = z.looseObject({ schema_version: z.int().min(1) }).safeParse(record).data?.schema_version;
  if (version && version > SCHEMA_VERSION) {
    throw new PipelineError(
      'RECORD_TOO_NEW',
      `Expected ${key} to have schema_version ${SCHEMA_VERSION} or less, but it has ${version}. Upgrade this Limelight to the version that wrote it`,
    );
  }
  const parsed = TaskMetadata.safeParse(record);
  if (!parsed.success) {
    throw objectCorrupt(key, 'it is not a record of a task', parsed.error);
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
