import { finished } from 'node:stream/promises';
import { CACHE_PREFIX } from '../../contracts/content-cache.ts';
import type { StoredObject, TaskMetadata } from '../../contracts/job.ts';
import { taskKeys } from '../../contracts/task-keys.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { withoutObjects } from '../retention/judge-task.ts';
import { type ListedTask, listTasks } from '../retention/list-tasks.ts';
import { checkRecord, readRecord } from './check-record.ts';

export type Fault = 'missing' | 'corrupt' | 'orphaned';

export interface FaultyObject {
  key: string;
  fault: Fault;
  /** What was done about it; absent where nothing could be, or nothing was to be. */
  repair?:
    | 'restored from the cache'
    | 'rebuilt from the history'
    | 'made again'
    | 'deleted'
    | 'struck off the record';
}

export interface CheckReport {
  objects: number;
  bytes: number;
  faults: FaultyObject[];
}

export interface CheckOptions {
  store: ObjectStore;
  records: TaskRecords;
  /** Asks Temporal. Rejects where it does not answer: then nobody knows, and the task is left alone. */
  isRunning(taskId: string): Promise<boolean>;
  /** The record as the job had it written last, where Temporal still knows. Rejects where it does not answer. */
  recall(taskId: string): Promise<TaskMetadata | undefined>;
  repair: boolean;
  /** Makes the thumbnail of a video again. */
  makeThumbnail(videoKey: string, thumbnailKey: string): Promise<void>;
  onProgress?(objects: number): void;
}

/** Reads every byte. Says what is missing, corrupt or nobody's, and with `repair` mends what can be mended. */
export async function checkStorage(options: CheckOptions): Promise<CheckReport> {
  const { store, repair } = options;
  const report: CheckReport = { objects: 0, bytes: 0, faults: [] };
  const isWhole = async (key: string, bytes: number) => {
    report.objects += 1;
    report.bytes += bytes;
    options.onProgress?.(report.objects);
    return reads(store, key);
  };

  /** Whole cached files by their hash. */
  const spare = new Map<string, string>();
  for await (const { key, bytes } of store.list(CACHE_PREFIX)) {
    if (await isWhole(key, bytes)) {
      const object = await store.stat(key);
      if (object) spare.set(object.sha256, key);
    } else {
      // Without it the entry is made again when it is asked for.
      if (repair) await store.delete(key);
      report.faults.push({ key, fault: 'corrupt', ...(repair && { repair: 'deleted' }) });
    }
  }
  for await (const task of listTasks(store)) {
    report.faults.push(...(await checkTask(task, options, isWhole, spare)));
  }
  return report;
}

async function checkTask(
  task: ListedTask,
  options: CheckOptions,
  isWhole: (key: string, bytes: number) => Promise<boolean>,
  spare: ReadonlyMap<string, string>,
): Promise<FaultyObject[]> {
  const { taskId, objects } = task;
  const { metadata } = taskKeys(taskId);
  const corrupt: FaultyObject[] = [];
  for (const { key, bytes } of objects) {
    if (!(await isWhole(key, bytes)) && key !== metadata) {
      corrupt.push({ key, fault: 'corrupt' });
    }
  }
  const read = await readRecord(options.records, taskId);
  const { record, faults } =
    typeof read === 'string' ? await checkRecord(task, read, options) : { record: read, faults: [] };
  if (!record) {
    return faults.some(({ fault }) => fault === 'orphaned') ? faults : [...faults, ...corrupt];
  }
  const there = new Set(objects.map(({ key }) => key));
  const missing = record.outcome ? record.objects.filter(({ key }) => !there.has(key)) : [];
  const ofFiles = [...corrupt, ...missing.map(({ key }): FaultyObject => ({ key, fault: 'missing' }))];
  return [...faults, ...(options.repair ? await mend(record, ofFiles, options, spare) : ofFiles)];
}

/** A cached copy first, then what can be made anew; what is missing for good is struck off. */
async function mend(
  record: TaskMetadata,
  faults: FaultyObject[],
  { store, records, makeThumbnail }: CheckOptions,
  spare: ReadonlyMap<string, string>,
): Promise<FaultyObject[]> {
  const { video, thumbnail } = taskKeys(record.task_id, videoFormatOf(record.options));
  const mended: FaultyObject[] = [];
  // The video may have to be there for it.
  const thumbnailLast = faults.toSorted((a, b) => Number(a.key === thumbnail) - Number(b.key === thumbnail));
  for (const fault of thumbnailLast) {
    const { key } = fault;
    const known: StoredObject | undefined = record.objects.find((object) => object.key === key);
    const copy = known && spare.get(known.sha256);
    if (copy) {
      await store.copy(copy, key);
      mended.push({ ...fault, repair: 'restored from the cache' });
    } else if (
      key === thumbnail &&
      mended.every((other) => other.key !== video || other.repair === 'restored from the cache')
    ) {
      await makeThumbnail(video, thumbnail);
      mended.push({ ...fault, repair: 'made again' });
    } else {
      mended.push(fault.fault === 'missing' ? { ...fault, repair: 'struck off the record' } : fault);
    }
  }
  const gone = mended.filter(({ repair }) => repair === 'struck off the record').map(({ key }) => key);
  const anew = mended.some(({ repair }) => repair === 'made again') && (await store.stat(thumbnail));
  const objects = record.objects.map((object) =>
    anew && object.key === thumbnail ? { key: thumbnail, bytes: anew.bytes, sha256: anew.sha256 } : object,
  );
  if (gone.length > 0 || anew) {
    const now = { ...record, objects };
    await records.write(withoutObjects(now, new Set(gone)) ?? now);
  }
  return mended;
}

/** False: damaged. One that went meanwhile is no fault. */
async function reads(store: ObjectStore, key: string): Promise<boolean> {
  try {
    const { stream } = await store.open(key);
    await finished(stream.resume());
    return true;
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'OBJECT_CORRUPT') {
      return false;
    }
    if (error instanceof PipelineError && error.code === 'OBJECT_NOT_FOUND') {
      return true;
    }
    throw error;
  }
}
