/**
 * Retention of half of many objects while jobs run. As a program: `node test/storage/prove-retention.ts [objects]`, in
 * place of the few of the test.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../src/storage/file-store.ts';
import { retain } from '../../src/storage/retention.ts';
import { createStorageUsage } from '../../src/storage/storage-usage.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { OBJECTS_PER_TASK, putTask } from './many-objects.ts';

export interface RetentionProof {
  objects: number;
  deleted: number;
  /** Of running jobs, which wrote on meanwhile. */
  kept: number;
  seconds: number;
  /** Resident, at most, of the whole process. */
  peakMb: number;
  /** Of the stats, the scan being there. */
  statsMs: number;
  faults: string[];
}

export async function proveRetention(objects: number): Promise<RetentionProof> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-many-'));
  try {
    const store = createFileStore({ root });
    const running = new Map<string, string[]>();
    const tasks = Math.round(objects / OBJECTS_PER_TASK);
    let old = 0;
    for (let index = 0; index < tasks; index++) {
      const taskId = randomUUID();
      const isOld = index % 2 === 0;
      const isRunning = index % 100 === 0;
      const keys = putTask(root, taskId, isOld ? 400 : 1, isRunning);
      if (isRunning) running.set(taskId, keys);
      else if (isOld) old += keys.length;
    }

    let isDone = false;
    const writing = (async () => {
      for (const [taskId, keys] of running) {
        if (isDone) return;
        const { key } = await store.put(`processed/${taskId}/late.png`, Buffer.from(taskId));
        keys.push(key);
      }
    })();
    const startedAt = performance.now();
    const report = await retain({
      store,
      records: createTaskRecords({ store }),
      isRunning: async (taskId) => running.has(taskId),
      rules: {
        days: { uploads: 7, processed: 3, videos: 30, records: 365 },
        unknownDays: 1,
        tempHours: 1,
        maxCacheBytes: 1e9,
      },
      dryRun: false,
    });
    const seconds = (performance.now() - startedAt) / 1000;
    isDone = true;
    await writing;

    const faults = report.errors.examples;
    const deleted = Object.values(report.deleted).reduce((sum, { files }) => sum + files, 0);
    if (deleted !== old) faults.push(`${deleted} objects were deleted, ${old} had had their time`);
    let kept = 0;
    for (const key of [...running.values()].flat()) {
      if (await store.stat(key)) kept += 1;
      else faults.push(`${key} of a running job is gone`);
    }
    const usage = createStorageUsage({ store, root });
    await usage();
    const askedAt = performance.now();
    await usage();
    const statsMs = performance.now() - askedAt;
    const peakMb = process.resourceUsage().maxRSS / 1024;
    return { objects: tasks * OBJECTS_PER_TASK, deleted, kept, seconds, peakMb, statsMs, faults };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const proof = await proveRetention(Number(process.argv[2] ?? 100_000));
  process.stdout.write(`${JSON.stringify(proof, null, 2)}\n`);
  process.exitCode = proof.faults.length > 0 ? 1 : 0;
}
