import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { BYTES, createStore } from '../harness/storage/temporary-store.ts';
import { readObjects, sweep } from './gather-evidence.ts';

function viewOf(root: string) {
  return {
    kind: 'folder' as const,
    folder: root,
    views: [{ root, open: () => ({ ...createFileStore({ root }), [Symbol.dispose]() {} }) }],
  };
}

it('reads every object from its file, with the bytes that it has and not those that it should have', async () => {
  const { store, root } = await createStore();
  const { record, keys } = await storeTask(store, 'task');
  const intact = await readObjects(viewOf(root));
  const byKey = (objects: Array<{ key: string }>) => objects.map(({ key }) => key).sort();
  expect(byKey(intact.objects)).toEqual(Object.values(keys).sort());
  expect(intact.records).toEqual({ task: record });
  const video = record.objects.find(({ key }) => key === keys.video)!;
  expect(intact.objects).toContainEqual(video);

  const folder = join(root, 'videos/task');
  const file = (await readdir(folder)).find((name) => name.startsWith('.video.mp4.'))!;
  await writeFile(join(folder, file), 'other');

  const damaged = (await readObjects(viewOf(root))).objects.find(({ key }) => key === keys.video)!;
  expect(damaged.bytes).toBe(5);
  expect(damaged.sha256).not.toBe(video.sha256);
});

it('reports a file that a sweep of the store does not remove', async () => {
  const { store, root } = await createStore();
  await store.put('videos/task/video.mp4', BYTES);
  // What a writer leaves that was killed, which a sweep removes.
  await writeFile(join(root, '.scratch/put-1'), 'half');
  expect(await sweep(viewOf(root))).toEqual([]);

  await writeFile(join(root, 'videos/task/notes.txt'), 'put there by hand');
  expect(await sweep(viewOf(root))).toEqual([join(root, 'videos/task/notes.txt')]);
});
