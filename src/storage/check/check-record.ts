import type { TaskMetadata } from '../../contracts/job.ts';
import { taskKeys } from '../../contracts/task-keys.ts';
import { PipelineError } from '../../errors.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import type { ListedTask } from '../retention/list-tasks.ts';
import type { CheckOptions, FaultyObject } from './check.ts';

const DAY_MS = 24 * 3_600_000;

/** One that a later Limelight wrote is nobody's to judge here. */
export async function readRecord(
  records: TaskRecords,
  taskId: string,
): Promise<TaskMetadata | 'missing' | 'corrupt' | 'too new'> {
  try {
    return (await records.read(taskId)) ?? 'missing';
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'OBJECT_CORRUPT') return 'corrupt';
    if (error instanceof PipelineError && error.code === 'RECORD_TOO_NEW') return 'too new';
    throw error;
  }
}

/** Of a task whose record is not there, or not to be read: Temporal may know what it said, or that it is to come. */
export async function checkRecord(
  { taskId, objects }: ListedTask,
  fault: 'missing' | 'corrupt' | 'too new',
  { store, records, isRunning, recall, repair }: CheckOptions,
): Promise<{ record?: TaskMetadata; faults: FaultyObject[] }> {
  const { metadata } = taskKeys(taskId);
  if (fault === 'too new' || (await isRunning(taskId).catch(() => true))) {
    return { faults: fault === 'corrupt' ? [{ key: metadata, fault }] : [] };
  }
  const recalled = await recall(taskId);
  if (recalled) {
    const there = new Set(objects.map(({ key }) => key));
    // The retention struck off what had its time, and no history tells of that.
    const record = { ...recalled, objects: recalled.objects.filter(({ key }) => there.has(key)) };
    if (repair) await records.write(record);
    return {
      record,
      faults: [{ key: metadata, fault, ...(repair && { repair: 'rebuilt from the history' as const }) }],
    };
  }
  if (fault === 'corrupt') {
    return { faults: [{ key: metadata, fault }] };
  }
  if (objects.some(({ modifiedAt }) => modifiedAt.getTime() >= Date.now() - DAY_MS)) {
    return { faults: [] };
  }
  if (repair) await store.deleteMany(objects.map(({ key }) => key));
  return {
    faults: objects.map(({ key }) => ({ key, fault: 'orphaned', ...(repair && { repair: 'deleted' }) })),
  };
}
