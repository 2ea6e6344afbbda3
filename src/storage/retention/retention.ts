import {
  type FilesAndBytes,
  keepKey,
  type RetentionGroup,
  type RetentionReport,
} from '../../contracts/retention.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { createBin } from './deletion-batch.ts';
import { evictEntries } from './evict-entries.ts';
import { judgeTask, type TaskRules } from './judge-task.ts';
import { listTasks } from './list-tasks.ts';
import { readKeepNotes } from './retention-overrides.ts';

const HOUR_MS = 3_600_000;

export interface RetentionRules extends TaskRules {
  tempHours: number;
  /** Of the content cache: beyond it, what was longest not used goes. */
  maxCacheBytes: number;
}

export interface RetentionOptions {
  store: ObjectStore;
  records: TaskRecords;
  /** Asks Temporal. Rejects where it does not answer: then the task's files stay. */
  isRunning(taskId: string): Promise<boolean>;
  rules: RetentionRules;
  dryRun: boolean;
  /** What the disk lacks: so much of the cache goes, whatever its budget. */
  bytesWanted?: number;
  now?: number;
  /** Called often. */
  onProgress?(scanned: FilesAndBytes): void;
}

/** Longer than any job: its deadline is a day at most. */
const LITTER_HOURS = 26;
const MAX_EXAMPLES = 10;

/**
 * Deletes what has had its time, and nothing of a running job or one that is held. It may die at any point: the next run
 * goes on. Memory does not grow with the number of objects, but with that of cached entries and notes.
 */
export async function retain(options: RetentionOptions): Promise<RetentionReport> {
  const { store, records, isRunning, rules, dryRun, now = Date.now() } = options;
  const startedAt = Date.now();
  const report: RetentionReport = {
    dry_run: dryRun,
    started_at: new Date(startedAt).toISOString(),
    duration_ms: 0,
    scanned: { files: 0, bytes: 0 },
    deleted: emptyGroups(),
    kept: { running: 0, held: 0 },
    swept: 0,
    errors: { count: 0, examples: [] },
  };
  const fail = (what: string, error: unknown) => {
    report.errors.count += 1;
    if (report.errors.examples.length < MAX_EXAMPLES) {
      report.errors.examples.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  const see = ({ bytes }: ListedObject) => {
    add(report.scanned, bytes);
    options.onProgress?.(report.scanned);
  };
  const bin = createBin({ store, records, dryRun, deleted: report.deleted, fail });

  const notes = await readKeepNotes(store);
  const withoutFiles = new Map(notes);
  for await (const { taskId, objects } of listTasks(store)) {
    withoutFiles.delete(taskId);
    objects.forEach(see);
    try {
      const due = await judgeTask({
        taskId,
        objects,
        note: notes.get(taskId),
        now,
        rules,
        records,
        isRunning,
      });
      if (due.kept) {
        report.kept[due.kept] += 1;
      }
      await bin.throwTask(due.objects, due.record);
    } catch (error) {
      fail(taskId, error);
    }
  }
  for (const [taskId, { hold }] of withoutFiles) {
    const note = hold ? undefined : await store.stat(keepKey(taskId));
    if (note && note.modifiedAt.getTime() < now - rules.unknownDays * 24 * HOUR_MS) {
      await bin.throw('unknown', note);
    }
  }
  for await (const object of store.list('temp/')) {
    see(object);
    if (object.modifiedAt.getTime() < now - rules.tempHours * HOUR_MS) {
      await bin.throw('temp', object);
    }
  }
  await evictEntries({
    store,
    maxBytes: rules.maxCacheBytes,
    bytesWanted: options.bytesWanted ?? 0,
    now,
    see,
    evict: (object) => bin.throw('cache', object),
  });
  await bin.empty();
  if (!dryRun) {
    report.swept = (await store.sweep({ olderThanMs: LITTER_HOURS * HOUR_MS })).length;
  }
  report.duration_ms = Date.now() - startedAt;
  return report;
}

export function add(sum: FilesAndBytes, bytes: number): void {
  sum.files += 1;
  sum.bytes += bytes;
}

function emptyGroups(): Record<RetentionGroup, FilesAndBytes> {
  const none = () => ({ files: 0, bytes: 0 });
  return {
    uploads: none(),
    processed: none(),
    videos: none(),
    temp: none(),
    records: none(),
    unknown: none(),
    cache: none(),
  };
}
