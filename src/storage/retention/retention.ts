import { retentionOverrideKey } from '../../contracts/retention.ts';
import type {
  FilesAndBytes,
  RetentionGroup,
  RetentionOverride,
  RetentionReport,
} from '../../contracts/schemas/retention.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { createDeletionBatch } from './deletion-batch.ts';
import { evictEntries } from './evict-entries.ts';
import { judgeTask, type TaskRules } from './judge-task.ts';
import { listTasks } from './list-tasks.ts';
import { readRetentionOverrides } from './retention-overrides.ts';

const HOUR_MS = 3_600_000;

export interface RetentionRules extends TaskRules {
  tempHours: number;
  /** Maximum size of the content cache. The least recently used entries are deleted first. */
  maxCacheBytes: number;
}

export interface RetentionOptions {
  store: ObjectStore;
  records: TaskRecords;
  /** Asks Temporal. If it rejects, the task's files stay. */
  isRunning(taskId: string): Promise<boolean>;
  rules: RetentionRules;
  dryRun: boolean;
  /** Bytes to free from the cache, whatever its maximum size. Default: 0. */
  bytesToFree?: number;
  now?: number;
  /** Called for each object. */
  onProgress?(scanned: FilesAndBytes): void;
}

/** Longer than any job, whose deadline is at most a day. */
const LEFTOVER_HOURS = 26;
const MAX_EXAMPLES = 10;

/**
 * Deletes expired objects, but nothing of running or held tasks. If it dies, the next run continues. Its memory grows with
 * the number of cache entries and overrides, not with that of objects.
 */
export async function retain(options: RetentionOptions): Promise<RetentionReport> {
  const { store, records, rules, dryRun, now = Date.now() } = options;
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
  const countScanned = ({ bytes }: ListedObject) => {
    add(report.scanned, bytes);
    options.onProgress?.(report.scanned);
  };
  const batch = createDeletionBatch({ store, records, dryRun, deleted: report.deleted, fail });
  const run: Run = { ...options, now, batch, countScanned, fail };

  const overrides = await readRetentionOverrides(store);
  const { kept, withoutFiles } = await expireTasks(run, overrides);
  await expireOverrides(run, withoutFiles);
  await expireTemporary(run);
  await evictEntries({
    store,
    maxBytes: rules.maxCacheBytes,
    bytesToFree: options.bytesToFree ?? 0,
    now,
    countScanned,
    evict: (object) => batch.add('cache', object),
  });
  await batch.flush();
  const swept = dryRun ? [] : await store.sweep({ olderThanMs: LEFTOVER_HOURS * HOUR_MS });
  return { ...report, kept, swept: swept.length, duration_ms: Date.now() - startedAt };
}

interface Run extends RetentionOptions {
  now: number;
  batch: ReturnType<typeof createDeletionBatch>;
  /** Also reports progress. */
  countScanned(object: ListedObject): void;
  /** Reports a failure that does not stop the run. */
  fail(what: string, error: unknown): void;
}

type Overrides = Map<string, RetentionOverride>;

/** @returns how many tasks were kept although something of them is due, and the overrides of tasks that have no files. */
async function expireTasks(
  { store, records, rules, now, isRunning, batch, countScanned, fail }: Run,
  overrides: Overrides,
): Promise<Pick<RetentionReport, 'kept'> & { withoutFiles: Overrides }> {
  const kept = { running: 0, held: 0 };
  const withoutFiles = new Map(overrides);
  for await (const { taskId, objects } of listTasks(store)) {
    withoutFiles.delete(taskId);
    objects.forEach(countScanned);
    const override = overrides.get(taskId);
    try {
      const due = await judgeTask({ taskId, objects, override, now, rules, records, isRunning });
      if (due.kept) {
        kept[due.kept] += 1;
      }
      await batch.addTask(due.objects, due.record);
      if (due.unreadable) {
        fail(taskId, due.unreadable);
      }
    } catch (error) {
      fail(taskId, error);
    }
  }
  return { kept, withoutFiles };
}

/** Deletes old overrides of tasks without files. A hold stays. */
async function expireOverrides({ store, rules, now, batch }: Run, withoutFiles: Overrides): Promise<void> {
  for (const [taskId, { hold }] of withoutFiles) {
    const override = hold ? undefined : await store.stat(retentionOverrideKey(taskId));
    if (override && override.modifiedAt.getTime() < now - rules.unknownDays * 24 * HOUR_MS) {
      await batch.add('unknown', override);
    }
  }
}

async function expireTemporary({ store, rules, now, batch, countScanned }: Run): Promise<void> {
  for await (const object of store.list('temp/')) {
    countScanned(object);
    if (object.modifiedAt.getTime() < now - rules.tempHours * HOUR_MS) {
      await batch.add('temp', object);
    }
  }
}

function add(sum: FilesAndBytes, bytes: number): void {
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
