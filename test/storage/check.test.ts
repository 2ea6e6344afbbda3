import { realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { type CheckOptions, checkStorage } from '../../src/storage/check/check.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { age, storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

const check = async (store: ObjectStore, options: Partial<CheckOptions> = {}) => {
  const { faults } = await checkStorage({
    store,
    records: createTaskRecords({ store }),
    isRunning: async () => false,
    recall: async () => undefined,
    repair: false,
    makeThumbnail: async (_, key) => {
      await store.put(key, Buffer.from('made again'));
    },
    ...options,
  });
  return faults;
};

describe('storage check', () => {
  it('reports nothing if everything is intact', async () => {
    const { store } = await createStore();
    await storeTask(store, 'task-1');
    await storeTask(store, 'running', { isEnded: false, hasRecord: false });
    expect(await check(store)).toEqual([]);
  });

  it('reports missing, corrupt and orphaned objects without changing anything', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    const orphan = await storeTask(store, 'orphan', { hasRecord: false });
    await age(root, Object.values(orphan.keys).slice(0, 4), 2);
    await writeFile(await realpath(join(root, keys.video)), 'Video of task-1');
    await store.delete(keys.mask);

    const faults = await check(store);

    expect(faults).toEqual([
      ...[orphan.keys.image, orphan.keys.mask, orphan.keys.thumbnail, orphan.keys.video].map((key) => ({
        key,
        fault: 'orphaned',
      })),
      { key: keys.video, fault: 'corrupt' },
      { key: keys.mask, fault: 'missing' },
    ]);
    expect(await check(store)).toEqual(faults);
  });

  it('reports a record that cannot be rebuilt from its history, and keeps the files of its task', async () => {
    const { store, root } = await createStore();
    const { record, keys } = await storeTask(store, 'task-1');
    await age(root, Object.values(keys), 2);
    await store.delete(keys.metadata);
    const recall = async () => ({ ...record, options: {} }) as never;

    expect(await check(store, { recall, repair: true })).toEqual([{ key: keys.metadata, fault: 'corrupt' }]);
    expect(await store.stat(keys.video)).toBeDefined();
  });

  it('repairs files from the cache and the video, repairs records, and deletes orphans', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    const orphan = await storeTask(store, 'orphan', { hasRecord: false });
    await age(root, Object.values(orphan.keys).slice(0, 4), 2);
    await store.put('cache/video/abc/video', Buffer.from('video of task-1'));
    await store.put('cache/video/def/mask', Buffer.from('mask'));
    await writeFile(await realpath(join(root, 'cache/video/def/mask')), 'Mask');
    await writeFile(await realpath(join(root, keys.video)), 'Video of task-1');
    await store.delete(keys.mask);
    await store.delete(keys.thumbnail);

    const faults = await check(store, { repair: true });

    expect(Object.fromEntries(faults.map(({ key, repair }) => [key, repair]))).toMatchObject({
      'cache/video/def/mask': 'deleted',
      [orphan.keys.image]: 'deleted',
      [keys.video]: 'restored from the cache',
      [keys.mask]: 'removed from the record',
      [keys.thumbnail]: 'recreated',
    });
    expect(String(await store.read(keys.video))).toBe('video of task-1');
    expect(await check(store)).toEqual([]);
  });

  it('leaves files alone that may belong to a running job', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1', { hasRecord: false });
    await age(root, Object.values(keys).slice(0, 4), 2);
    for (const isRunning of [async () => true, async () => Promise.reject(new Error('away'))]) {
      expect(await check(store, { repair: true, isRunning })).toEqual([]);
    }
    expect(await store.stat(keys.image)).toBeDefined();
  });

  it('rebuilds a missing or damaged record from Temporal’s history, without files deleted since', async () => {
    const { store, root } = await createStore();
    const tasks = [await storeTask(store, 'missing'), await storeTask(store, 'damaged')];
    const [missing, damaged] = tasks.map(({ keys }) => keys.metadata);
    await age(root, Object.values(tasks[0]!.keys).slice(0, 4), 2);
    await store.delete(missing!);
    await writeFile(await realpath(join(root, damaged!)), 'no record');
    await store.delete(tasks[1]!.keys.image);
    const recall = async (taskId: string) => tasks.find(({ record }) => record.task_id === taskId)?.record;

    expect(await check(store, { recall })).toEqual([
      { key: damaged, fault: 'corrupt' },
      { key: missing, fault: 'missing' },
    ]);
    expect(await check(store, { recall, repair: true })).toEqual([
      { key: damaged, fault: 'corrupt', repair: 'rebuilt from the history' },
      { key: missing, fault: 'missing', repair: 'rebuilt from the history' },
    ]);

    const records = createTaskRecords({ store });
    expect(await records.read('missing')).toEqual(tasks[0]!.record);
    expect((await records.read('damaged'))?.objects.map(({ key }) => key)).not.toContain(
      tasks[1]!.keys.image,
    );
    expect(await check(store)).toEqual([]);
  });

  it('leaves records of a later version alone', async () => {
    const { store } = await createStore();
    const { keys, record } = await storeTask(store, 'task-1');
    const later = Buffer.from(JSON.stringify({ ...record, schema_version: 2 }));
    await store.put(keys.metadata, later);
    expect(await check(store, { repair: true, recall: async () => record })).toEqual([]);
    expect(await store.read(keys.metadata)).toEqual(later);
  });

  it('reports what it cannot repair', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await writeFile(await realpath(join(root, keys.video)), 'Video of task-1');
    await writeFile(await realpath(join(root, keys.metadata)), 'no record');
    expect(await check(store, { repair: true })).toEqual([
      { key: keys.metadata, fault: 'corrupt' },
      { key: keys.video, fault: 'corrupt' },
    ]);
  });
});
