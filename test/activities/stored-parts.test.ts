import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStoredParts } from '../../src/activities/stored-parts.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';

const PREFIX = 'temp/task-1/parts/';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stored-parts-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('parts stored by one attempt are found by the next, and readable by others', async () => {
  const store = createFileStore({ root: join(folder, 'store') });
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const parts = createStoredParts(store, PREFIX, first);
  await parts.fetch();
  await writeFile(join(first, '00000.mp4'), 'tracks');
  await writeFile(join(first, '00001.mp4.new'), 'half a part');
  await parts.store();
  await writeFile(join(first, '00001.mp4'), 'first');
  // Told twice in a row, as progress does: each part is stored once.
  await Promise.all([parts.store(), parts.store()]);

  expect((await store.read(`${PREFIX}00001.mp4`)).toString()).toBe('first');
  const keys = (await Array.fromAsync(store.list(PREFIX))).map(({ key }) => key);
  expect(keys).toEqual([`${PREFIX}00000.mp4`, `${PREFIX}00001.mp4`]);
  await createStoredParts(store, PREFIX, second).fetch();
  expect(await readFile(join(second, '00000.mp4'), 'utf8')).toBe('tracks');
  // The renderer still reads what was stored.
  expect(await readFile(join(first, '00000.mp4'), 'utf8')).toBe('tracks');

  await writeFile(join(first, '00000.webm'), 'tracks of a transparent talk');
  await parts.store();
  expect((await store.read(`${PREFIX}00000.webm`)).toString()).toContain('transparent');
});
