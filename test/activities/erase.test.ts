import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createEraseActivities } from '../../src/activities/erase.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { PipelineError } from '../../src/errors.ts';
import type { TaskExecutions } from '../../src/ports/job-client.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

const TASK = { taskId: 'task-1' };
const NO_EXECUTIONS: TaskExecutions = {
  end: async () => {},
  ledger: async () => ({ things: [], lostTalks: [] }),
  untilEnded: async () => {},
  delete: async () => ({ names: [], tidyUps: [] }),
};

function activitiesOf(store: ObjectStore, records = createTaskRecords({ store })) {
  const activities = createEraseActivities({ store, records, executions: NO_EXECUTIONS });
  const env = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return {
    findRemote: (): ReturnType<typeof activities.findRemote> => env.run(activities.findRemote, TASK),
    async eraseFiles(): Promise<string[]> {
      const erased: Awaited<ReturnType<typeof activities.eraseFiles>> = await env.run(
        activities.eraseFiles,
        TASK,
      );
      return erased.map(({ name }) => name);
    },
  };
}

describe('erasing the files of a task', () => {
  it.each([
    ['fails its schema', { options: 'none' }],
    ['is of a later version', { schema_version: 2 }],
  ])('includes what a record names that %s', async (_, damage) => {
    const { store } = await createStore();
    const { record, keys } = await storeTask(store, 'task-1');
    const entry = 'cache/video/abc/';
    await store.put(`${entry}video.mp4`, Buffer.from('video'));
    const talk = { provider: 'd-id', what: 'talk' as const, id: 'tlk_1' };
    const damaged = { ...record, remote: [talk], cache_entries: [entry], ...damage };
    await store.put(keys.metadata, Buffer.from(JSON.stringify(damaged)));
    const { findRemote, eraseFiles } = activitiesOf(store);

    expect(await findRemote()).toEqual([talk]);
    expect((await eraseFiles()).sort()).toEqual([`${entry}video.mp4`, ...Object.values(keys)].sort());
  });

  it.each(['{', '[]', 'null', ''])('works if the record is %j', async (json) => {
    const { store } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await store.put(keys.metadata, Buffer.from(json));
    const { findRemote, eraseFiles } = activitiesOf(store);

    expect(await findRemote()).toEqual([]);
    expect(await eraseFiles()).toHaveLength(5);
  });

  it('works if the bytes of the record do not match their hash', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await writeFile(join(root, keys.metadata), 'other bytes');
    await expect(store.read(keys.metadata)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    const { findRemote, eraseFiles } = activitiesOf(store);

    expect(await findRemote()).toEqual([]);
    expect(await eraseFiles()).toHaveLength(5);
  });

  it('works if the disk cannot read the record, and waits for a store that does not respond', async () => {
    const { store } = await createStore();
    await storeTask(store, 'task-1');
    const failing = (error: Error) => {
      const fail = () => Promise.reject(error);
      return activitiesOf(store, { read: fail, write: fail, readReferences: fail });
    };
    const unreadable = failing(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    const away = failing(new PipelineError('STORAGE_UNAVAILABLE', 'The store does not respond'));

    await expect(away.findRemote()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    await expect(away.eraseFiles()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await unreadable.findRemote()).toEqual([]);
    // The uploads and processed files were erased before the record was needed.
    expect(await unreadable.eraseFiles()).toHaveLength(3);
  });

  it('leaves the files of others alone, whatever a damaged record lists as its cache entries', async () => {
    const { store } = await createStore();
    const { record, keys } = await storeTask(store, 'task-1');
    await storeTask(store, 'task-2');
    await store.put('cache/video/abc/video.mp4', Buffer.from('video'));
    const entries = ['videos/task-2/', 'cache/', 'cache/video/', '../', '', 'cache/../videos/task-2/', '/'];
    await store.put(keys.metadata, Buffer.from(JSON.stringify({ ...record, cache_entries: entries })));

    const erased = await activitiesOf(store).eraseFiles();

    expect(erased.sort()).toEqual(Object.values(keys).sort());
    expect(await store.stat(taskKeys('task-2').metadata)).toBeDefined();
  });
});
