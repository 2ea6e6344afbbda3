import type { RetentionGroup, RetentionOverride } from '../../contracts/schemas/retention.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { type Tier, taskKeys } from '../../contracts/task-keys.ts';
import { isUnreadableRecord, PipelineError } from '../../errors.ts';
import type { ListedObject } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import type { TaskObject } from './list-tasks.ts';

const DAY_MS = 24 * 3_600_000;

/** How long to keep the files of finished tasks, counted from the last write of each file. */
export interface TaskRules {
  days: Record<Exclude<Tier, 'temp'>, number> & { records: number };
  /** How long to keep files of unknown tasks after their last change. */
  unknownDays: number;
}

export interface Verdict {
  objects: Array<{ group: RetentionGroup; object: ListedObject }>;
  /** The task's record, if it stays: the objects are to be removed from it. */
  record?: TaskMetadata;
  /** Why the record could not be read. It cannot be updated then, but the files expire as usual. */
  unreadable?: PipelineError;
  /** Why nothing is deleted although something is due. A task that can still be retried counts as running. */
  kept?: 'running' | 'held';
}

export interface JudgeOptions {
  taskId: string;
  objects: TaskObject[];
  override: RetentionOverride | undefined;
  now: number;
  rules: TaskRules;
  records: Pick<TaskRecords, 'read'>;
  isRunning(taskId: string): Promise<boolean>;
}

const NOTHING: Verdict = { objects: [] };

/** Decides which objects of a task to delete. Reads the record and asks Temporal only if something is due. */
export async function judgeTask(options: JudgeOptions): Promise<Verdict> {
  const { taskId, objects, override, now, rules, records, isRunning } = options;
  const { metadata } = taskKeys(taskId);
  const hasRecord = objects.some(({ key }) => key === metadata);
  const files = objects.filter(({ key }) => key !== metadata);
  const isOlder = ({ modifiedAt }: ListedObject, days: number) => modifiedAt.getTime() < now - days * DAY_MS;

  const due = hasRecord
    ? files.filter((object) => isOlder(object, override?.days ?? daysOf(object, rules)))
    : files.every((object) => isOlder(object, rules.unknownDays))
      ? files
      : [];
  const recordObject = objects.find((object) => object.key === metadata);
  const isRecordDue =
    recordObject !== undefined && due.length === files.length && isOlder(recordObject, rules.days.records);
  if (due.length === 0 && !isRecordDue) {
    return NOTHING;
  }
  if (override?.hold) {
    return { objects: [], kept: 'held' };
  }
  const read = hasRecord ? await readRecord(records, taskId) : undefined;
  const unreadable = read instanceof PipelineError ? read : undefined;
  const record = read instanceof PipelineError ? undefined : read;
  if (canBeRetried(record, now) || (!record?.outcome && (await isRunning(taskId)))) {
    return { objects: [], kept: 'running', ...(unreadable && { unreadable }) };
  }
  const group = ({ tier }: TaskObject): RetentionGroup => (hasRecord ? tier : 'unknown');
  return {
    objects: [
      ...due.map((object) => ({ group: group(object), object })),
      ...(isRecordDue && recordObject ? [{ group: 'records' as const, object: recordObject }] : []),
    ],
    ...(record && !isRecordDue && { record }),
    ...(unreadable && { unreadable }),
  };
}

/** A window for retries may be longer than the files of a finished task are kept. */
function canBeRetried(record: TaskMetadata | undefined, now: number): boolean {
  const { outcome } = record ?? {};
  return outcome?.success === false && Date.parse(outcome.error.retry?.until ?? '') > now;
}

/** Returns the reason if the record is damaged or from a later version. */
async function readRecord(
  records: JudgeOptions['records'],
  taskId: string,
): Promise<TaskMetadata | PipelineError | undefined> {
  try {
    return await records.read(taskId);
  } catch (error) {
    if (isUnreadableRecord(error)) {
      return error;
    }
    throw error;
  }
}

function daysOf({ tier }: TaskObject, { days }: TaskRules): number {
  return tier === 'temp' ? 0 : days[tier];
}

/** The record without the given objects. Undefined if it lists none of them. */
export function withoutObjects(record: TaskMetadata, keys: ReadonlySet<string>): TaskMetadata | undefined {
  const objects = record.objects.filter(({ key }) => !keys.has(key));
  return objects.length === record.objects.length ? undefined : { ...record, objects };
}
