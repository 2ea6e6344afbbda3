import { finished } from 'node:stream/promises';
import { CACHE_PREFIX } from '../../contracts/content-cache.ts';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { taskKeys } from '../../contracts/task-keys.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { isFailure } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { withoutObjects } from '../retention/judge-task.ts';
import { type ListedTask, listTasks } from '../retention/list-tasks.ts';

const DAY_MS = 24 * 3_600_000;

export type Fault = 'missing' | 'corrupt' | 'orphaned';

export interface FaultyObject {
  key: string;
  fault: Fault;
  /** Absent if nothing was repaired. */
  repair?:
    | 'restored from the cache'
    | 'rebuilt from the history'
    | 'recreated'
    | 'deleted'
    | 'removed from the record';
}

export interface CheckReport {
  objects: number;
  bytes: number;
  faults: FaultyObject[];
}

export interface CheckOptions {
  store: ObjectStore;
  records: TaskRecords;
  /** Asks Temporal. If it rejects, the task counts as running and is left alone. */
  isRunning(taskId: string): Promise<boolean>;
  /** The record that the job wrote last, if Temporal still has its history. Rejects if Temporal is unavailable. */
  recall(taskId: string): Promise<TaskMetadata | undefined>;
  repair: boolean;
  /** Creates the thumbnail of a video. */
  makeThumbnail(videoKey: string, thumbnailKey: string): Promise<void>;
  onProgress?(objects: number): void;
}

/** Reads every byte. Reports missing, corrupt and orphaned objects, and with `repair` fixes what can be fixed. */
export async function checkStorage(options: CheckOptions): Promise<CheckReport> {
  const { store, repair } = options;
  const report: CheckReport = { objects: 0, bytes: 0, faults: [] };
  const isIntact = async (key: string, bytes: number) => {
    report.objects += 1;
    report.bytes += bytes;
    options.onProgress?.(report.objects);
    return canRead(store, key);
  };

  /** Keys of intact cached files by their hash. */
  const copies = new Map<string, string>();
  for await (const { key, bytes } of store.list(CACHE_PREFIX)) {
    if (await isIntact(key, bytes)) {
      const object = await store.stat(key);
      if (object) copies.set(object.sha256, key);
    } else {
      // The entry is computed again when it is needed.
      if (repair) await store.delete(key);
      report.faults.push({ key, fault: 'corrupt', ...(repair && { repair: 'deleted' }) });
    }
  }
  for await (const task of listTasks(store)) {
    report.faults.push(...(await checkTask(task, options, isIntact, copies)));
  }
  return report;
}

async function checkTask(
  task: ListedTask,
  options: CheckOptions,
  isIntact: (key: string, bytes: number) => Promise<boolean>,
  copies: ReadonlyMap<string, string>,
): Promise<FaultyObject[]> {
  const { taskId, objects } = task;
  const { metadata } = taskKeys(taskId);
  const corrupt: FaultyObject[] = [];
  for (const { key, bytes } of objects) {
    if (!(await isIntact(key, bytes)) && key !== metadata) {
      corrupt.push({ key, fault: 'corrupt' });
    }
  }
  const read = await readRecord(options.records, taskId);
  const { record, faults } =
    typeof read === 'string' ? await checkRecord(task, read, options) : { record: read, faults: [] };
  if (!record) {
    return faults.some(({ fault }) => fault === 'orphaned') ? faults : [...faults, ...corrupt];
  }
  const present = new Set(objects.map(({ key }) => key));
  const missing = record.outcome ? record.objects.filter(({ key }) => !present.has(key)) : [];
  const fileFaults = [...corrupt, ...missing.map(({ key }): FaultyObject => ({ key, fault: 'missing' }))];
  return [
    ...faults,
    ...(options.repair ? await repairFiles(record, fileFaults, options, copies) : fileFaults),
  ];
}

async function readRecord(
  records: TaskRecords,
  taskId: string,
): Promise<TaskMetadata | 'missing' | 'corrupt' | 'too new'> {
  try {
    return (await records.read(taskId)) ?? 'missing';
  } catch (error) {
    if (isFailure(error, 'OBJECT_CORRUPT')) return 'corrupt';
    if (isFailure(error, 'RECORD_TOO_NEW')) return 'too new';
    throw error;
  }
}

/** Checks a task without a readable record. Temporal may still have it, or the job may be running and write it later. */
async function checkRecord(
  { taskId, objects }: ListedTask,
  fault: 'missing' | 'corrupt' | 'too new',
  { store, records, isRunning, recall, repair }: CheckOptions,
): Promise<{ record?: TaskMetadata; faults: FaultyObject[] }> {
  const { metadata } = taskKeys(taskId);
  if (fault === 'too new' || (await isRunning(taskId).catch(() => true))) {
    return { faults: fault === 'corrupt' ? [{ key: metadata, fault }] : [] };
  }
  const history = await recall(taskId);
  const { data: recalled } = TaskMetadata.safeParse(history);
  if (history && !recalled) {
    // Written again, it would be as unreadable as before.
    return { faults: [{ key: metadata, fault: 'corrupt' }] };
  }
  if (recalled) {
    const present = new Set(objects.map(({ key }) => key));
    // The history does not show which objects retention has deleted since.
    const record = { ...recalled, objects: recalled.objects.filter(({ key }) => present.has(key)) };
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

/** Restores cached copies, recreates the thumbnail, and removes what is lost from the record. */
async function repairFiles(
  record: TaskMetadata,
  faults: FaultyObject[],
  { store, records, makeThumbnail }: CheckOptions,
  copies: ReadonlyMap<string, string>,
): Promise<FaultyObject[]> {
  const { video, thumbnail } = taskKeys(record.task_id, videoFormatOf(record.options));
  const repaired: FaultyObject[] = [];
  // It is made from the video, which may have to be restored first.
  const thumbnailLast = faults.toSorted((a, b) => Number(a.key === thumbnail) - Number(b.key === thumbnail));
  for (const fault of thumbnailLast) {
    const { key } = fault;
    const known: StoredObject | undefined = record.objects.find((object) => object.key === key);
    const copy = known && copies.get(known.sha256);
    if (copy) {
      await store.copy(copy, key);
      repaired.push({ ...fault, repair: 'restored from the cache' });
    } else if (
      key === thumbnail &&
      repaired.every((other) => other.key !== video || other.repair === 'restored from the cache')
    ) {
      await makeThumbnail(video, thumbnail);
      repaired.push({ ...fault, repair: 'recreated' });
    } else {
      repaired.push(fault.fault === 'missing' ? { ...fault, repair: 'removed from the record' } : fault);
    }
  }
  const gone = repaired.filter(({ repair }) => repair === 'removed from the record').map(({ key }) => key);
  const recreated = repaired.some(({ repair }) => repair === 'recreated') && (await store.stat(thumbnail));
  const objects = record.objects.map((object) =>
    recreated && object.key === thumbnail
      ? { key: thumbnail, bytes: recreated.bytes, sha256: recreated.sha256 }
      : object,
  );
  if (gone.length > 0 || recreated) {
    const updated = { ...record, objects };
    await records.write(withoutObjects(updated, new Set(gone)) ?? updated);
  }
  return repaired;
}

/** False if the object is damaged. An object that was deleted meanwhile is not. */
async function canRead(store: ObjectStore, key: string): Promise<boolean> {
  try {
    const { stream } = await store.open(key);
    await finished(stream.resume());
    return true;
  } catch (error) {
    if (isFailure(error, 'OBJECT_CORRUPT')) {
      return false;
    }
    if (isFailure(error, 'OBJECT_NOT_FOUND')) {
      return true;
    }
    throw error;
  }
}
