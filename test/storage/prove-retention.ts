/**
 * Deletes half of many objects while jobs run. As a program, `node test/storage/prove-retention.ts [objects]` uses more
 * objects than the test. The bench runs it with the flags of the io worker.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { retain } from '../../src/storage/retention/retention.ts';
import { createStorageUsage } from '../../src/storage/storage-usage.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { OBJECTS_PER_TASK, putTask } from '../harness/storage/many-objects.ts';
import { RETENTION_RULES } from '../harness/storage/retention-rules.ts';

export interface RetentionProof {
  objects: number;
  deleted: number;
  /** Objects of running jobs, which kept writing. */
  kept: number;
  seconds: number;
  /** Peak resident memory of the process. */
  peakMb: number;
  /** Duration of a statistics request with an existing scan. */
  statsMs: number;
  faults: string[];
}

export async function proveRetention(objects: number): Promise<RetentionProof> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-many-'));
  try {
    const store = createFileStore({ root });
    const tasks = Math.round(objects / OBJECTS_PER_TASK);
    const { running, old } = await fillElsewhere(root, tasks);

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
      rules: RETENTION_RULES,
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

/** Half of the tasks have expired; one in a hundred is running. */
function fill(root: string, tasks: number): Filled {
  const filled: Filled = { running: [], old: 0 };
  for (let index = 0; index < tasks; index++) {
    const taskId = randomUUID();
    const isOld = index % 2 === 0;
    const isRunning = index % 100 === 0;
    const keys = putTask(root, taskId, isOld ? 400 : 1, isRunning);
    if (isRunning) filled.running.push([taskId, keys]);
    else if (isOld) filled.old += keys.length;
  }
  return filled;
}

interface Filled {
  running: Array<[taskId: string, keys: string[]]>;
  /** Expired objects. */
  old: number;
}

/** In a separate process, so that its memory does not count. */
async function fillElsewhere(
  root: string,
  tasks: number,
): Promise<{ running: Map<string, string[]>; old: number }> {
  const program = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'fill', root, String(tasks)], {
    maxBuffer: 1 << 28,
  });
  const { running, old } = JSON.parse(stdout) as Filled;
  return { running: new Map(running), old };
}

if (import.meta.main && process.argv[2] === 'fill') {
  const [root = '', tasks] = process.argv.slice(3);
  process.stdout.write(JSON.stringify(fill(root, Number(tasks))));
} else if (import.meta.main) {
  const proof = await proveRetention(Number(process.argv[2] ?? 100_000));
  process.stdout.write(`${JSON.stringify(proof, null, 2)}\n`);
  process.exitCode = proof.faults.length > 0 ? 1 : 0;
}
