import { expect, it } from 'vitest';
import { createEraseActivities } from '../../src/activities/erase.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

it.each([
  ['fails its schema', { options: 'none' }],
  ['is of a later version', { schema_version: 2 }],
])('erases what a record names even if the record %s', async (_, damage) => {
  const { store } = await createStore();
  const { record, keys } = await storeTask(store, 'task-1');
  const entry = 'cache/video/abc/';
  await store.put(`${entry}video.mp4`, Buffer.from('video'));
  const talk = { provider: 'd-id', what: 'talk' as const, id: 'tlk_1' };
  const damaged = { ...record, remote: [talk], cache_entries: [entry], ...damage };
  await store.put(taskKeys('task-1').metadata, Buffer.from(JSON.stringify(damaged)));
  const executions = { end: async () => {}, delete: async () => [] };
  const activities = createEraseActivities({ store, records: createTaskRecords({ store }), executions });

  expect(await activities.findRemote({ taskId: 'task-1' })).toEqual([talk]);
  const erased = (await activities.eraseFiles({ taskId: 'task-1' })).map(({ name }) => name);
  expect(erased.sort()).toEqual([`${entry}video.mp4`, ...Object.values(keys)].sort());
});

it('erases the files of a task whose record is not JSON', async () => {
  const { store } = await createStore();
  const { keys } = await storeTask(store, 'task-1');
  await store.put(keys.metadata, Buffer.from('{'));
  const executions = { end: async () => {}, delete: async () => [] };
  const activities = createEraseActivities({ store, records: createTaskRecords({ store }), executions });

  expect(await activities.findRemote({ taskId: 'task-1' })).toEqual([]);
  expect(await activities.eraseFiles({ taskId: 'task-1' })).toHaveLength(5);
});
