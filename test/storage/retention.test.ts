import { describe, expect, it } from 'vitest';
import type { JobFailure } from '../../src/contracts/schemas/job-outcome.ts';
import type { RetentionReport } from '../../src/contracts/schemas/retention.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { type RetentionOptions, type RetentionRules, retain } from '../../src/storage/retention/retention.ts';
import { writeRetentionOverride } from '../../src/storage/retention/retention-overrides.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { RETENTION_RULES } from '../harness/storage/retention-rules.ts';
import { age, DAY_MS, storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';
import { proveRetention } from './prove-retention.ts';

const RULES: RetentionRules = { ...RETENTION_RULES, maxCacheBytes: 1_000_000 };

async function run(
  store: ObjectStore,
  options: Partial<RetentionOptions> & { running?: string[] } = {},
): Promise<RetentionReport> {
  const report = await retain({
    store,
    records: createTaskRecords({ store }),
    rules: RULES,
    dryRun: false,
    isRunning: async (taskId) => options.running?.includes(taskId) ?? false,
    ...options,
  });
  return report;
}

const keysIn = (store: ObjectStore, prefix = '') => Array.fromAsync(store.list(prefix), ({ key }) => key);

describe('retention of many objects', () => {
  it('deletes the expired half of 2000 objects and nothing of a running job', async () => {
    const proof = await proveRetention(2000);
    expect(proof.faults).toEqual([]);
    expect(proof.deleted).toBeGreaterThan(900);
    expect(proof.kept).toBeGreaterThan(20);
  });
});

describe('retention', () => {
  it.each([
    [2, ['image', 'mask', 'metadata', 'thumbnail', 'video']],
    [4, ['image', 'metadata', 'thumbnail', 'video']],
    [8, ['metadata', 'thumbnail', 'video']],
    [31, ['metadata']],
    [366, []],
  ])('leaves of a task of %i days: %j', async (days, left) => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await age(root, Object.values(keys), days);

    await run(store);

    const there = await keysIn(store);
    const names = Object.entries(keys).flatMap(([name, key]) => (there.includes(key) ? [name] : []));
    expect(names.sort()).toEqual(left);
    const record = await createTaskRecords({ store }).read('task-1');
    expect(record?.objects.map(({ key }) => key)).toEqual(
      record && there.filter((key) => key !== keys.metadata).sort(byOrderOf(Object.values(keys))),
    );
  });

  it('reports what it deleted, or with a dry run would delete', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await store.put('temp/gpu/old', Buffer.from('old'));
    await age(root, [...Object.values(keys), 'temp/gpu/old'], 10);
    const before = await keysIn(store);

    const dry = await run(store, { dryRun: true });
    expect(await keysIn(store)).toEqual(before);
    const wet = await run(store);

    expect(wet.deleted).toEqual(dry.deleted);
    expect(wet).toMatchObject({
      dry_run: false,
      deleted: {
        uploads: { files: 1, bytes: 'image of task-1'.length },
        processed: { files: 1 },
        videos: { files: 0 },
        temp: { files: 1, bytes: 3 },
      },
      scanned: { files: 6 },
      errors: { count: 0 },
    });
    expect(await keysIn(store)).toEqual([keys.metadata, keys.thumbnail, keys.video]);
  });

  it('deletes nothing of a running job, and nothing while Temporal is unavailable', async () => {
    const { store, root } = await createStore();
    const running = await storeTask(store, 'running', { isEnded: false });
    const starting = await storeTask(store, 'starting', { hasRecord: false });
    const unsure = await storeTask(store, 'unsure', { isEnded: false });
    const lost = await storeTask(store, 'lost', { isEnded: false });
    for (const { keys } of [running, unsure, lost]) await age(root, Object.values(keys), 400);
    await age(root, Object.values(starting.keys).slice(0, 4), 400);

    const report = await run(store, {
      isRunning: async (taskId) => {
        if (taskId === 'unsure') throw new Error('Temporal does not answer');
        return taskId !== 'lost';
      },
    });

    const left = await keysIn(store);
    for (const { keys } of [running, unsure])
      expect(left).toEqual(expect.arrayContaining(Object.values(keys)));
    expect(left).toContain(starting.keys.image);
    expect(left).not.toContain(lost.keys.image);
    expect(report.kept.running).toBe(2);
    expect(report.errors).toEqual({ count: 1, examples: ['unsure: Temporal does not answer'] });
  });

  it('deletes nothing of a failed task that can still be retried', async () => {
    const { store, root } = await createStore();
    const { record, keys } = await storeTask(store, 'task-1');
    const { error } = record.outcome as JobFailure;
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const retry = { from: ['upload' as const], until };
    await createTaskRecords({ store }).write({
      ...record,
      outcome: { ...(record.outcome as JobFailure), error: { ...error, retry } },
    });
    await age(root, Object.values(keys), 10);

    const report = await run(store);
    const later = await run(store, { now: Date.parse(until) + 1 });

    expect(report).toMatchObject({ kept: { running: 1 } });
    expect(later.deleted.uploads.files + later.deleted.processed.files).toBe(2);
  });

  it('deletes nothing of a held task until it is released', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await age(root, Object.values(keys), 400);
    await writeRetentionOverride(store, 'task-1', { hold: { reason: 'the fair', since: '2026-01-01' } });

    expect((await run(store)).kept.held).toBe(1);
    expect(await keysIn(store, 'videos/')).toHaveLength(3);

    await writeRetentionOverride(store, 'task-1', {});
    await run(store);
    expect(await keysIn(store, 'videos/')).toEqual([]);
  });

  it('uses a task’s own number of days, longer or shorter', async () => {
    const { store, root } = await createStore();
    const short = await storeTask(store, 'short');
    const long = await storeTask(store, 'long');
    await age(root, [...Object.values(short.keys), ...Object.values(long.keys)], 40);
    await writeRetentionOverride(store, 'short', { days: 0.5 });
    await writeRetentionOverride(store, 'long', { days: 100 });

    await run(store);

    expect(await keysIn(store, 'videos/short/')).toEqual([short.keys.metadata]);
    expect(await keysIn(store, 'uploads/long/')).toEqual([long.keys.image]);
  });

  it('deletes files of an unknown task after a day, all of them or none', async () => {
    const { store, root } = await createStore();
    const old = await storeTask(store, 'old', { hasRecord: false });
    const young = await storeTask(store, 'young', { hasRecord: false });
    const oldFiles = Object.values(old.keys).slice(0, 4);
    await age(root, oldFiles, 1.1);
    await age(root, [young.keys.image, young.keys.video], 5);

    const report = await run(store);

    expect(report.deleted.unknown.files).toBe(4);
    expect(await keysIn(store, 'uploads/')).toEqual([young.keys.image]);
  });

  it.each([
    ['of a later version', '{"schema_version": 99}', 'schema_version'],
    ['damaged', '{"schema_version": 1', 'not JSON'],
  ])('reports a record that is %s, and still deletes the expired files', async (_, bytes, reason) => {
    const { store, root } = await createStore();
    const broken = await storeTask(store, 'broken');
    const intact = await storeTask(store, 'intact');
    await store.put(broken.keys.metadata, Buffer.from(bytes));
    await age(root, [...Object.values(broken.keys), ...Object.values(intact.keys)], 100);

    const report = await run(store);

    expect(await keysIn(store)).toEqual([broken.keys.metadata, intact.keys.metadata]);
    expect(String(await store.read(broken.keys.metadata))).toBe(bytes);
    expect(report.errors.count).toBe(1);
    expect(report.errors.examples[0]).toContain(reason);
  });

  it('deletes nothing of a running job whose record is damaged', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'broken');
    await store.put(keys.metadata, Buffer.from('{'));
    await age(root, Object.values(keys), 400);

    const report = await run(store, { isRunning: async () => true });

    expect(await keysIn(store)).toEqual(Object.values(keys).sort());
    expect(report.kept.running).toBe(1);
  });

  it('keeps recently used cache entries within the budget, and entries in use beyond it', async () => {
    const { store, root } = await createStore();
    for (const [name, days] of [
      ['a', 3],
      ['b', 1],
      ['c', 2],
      ['d', 0],
    ] as const) {
      const keys = [`cache/video/${name}/video`, `cache/video/${name}/entry.json`];
      for (const key of keys) await store.put(key, Buffer.alloc(500));
      await age(root, keys, days);
    }
    await store.put('cache/claims/x/000001', Buffer.from('video/gone'));
    await age(root, ['cache/claims/x/000001'], 3);

    await run(store, { rules: { ...RULES, maxCacheBytes: 2500 } });
    expect(await keysIn(store, 'cache/')).toEqual(
      ['b', 'd'].flatMap((name) => [`cache/video/${name}/entry.json`, `cache/video/${name}/video`]),
    );

    await run(store, { bytesToFree: 900 });
    expect(await keysIn(store, 'cache/video/b/')).toEqual([]);

    await run(store, { rules: { ...RULES, maxCacheBytes: 1 } });
    expect(await keysIn(store, 'cache/')).toEqual(['cache/video/d/entry.json', 'cache/video/d/video']);
  });
});

function byOrderOf(keys: string[]): (a: string, b: string) => number {
  return (a, b) => keys.indexOf(a) - keys.indexOf(b);
}
