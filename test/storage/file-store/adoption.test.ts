import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { needs } from '../../harness/needs.ts';
import { BYTES, createFolder, createStore } from '../../harness/storage/temporary-store.ts';
import { litterOf } from './litter-of.ts';

describe('adopted files', () => {
  it('keep their bytes on the same file system', async () => {
    const { store } = await createStore();
    await using scratch = await store.scratch();
    const path = join(scratch.path, 'made-here');
    await writeFile(path, BYTES);
    const { ino } = statSync(path);

    await store.put('tier/task/object', { path });

    expect(statSync(await store.localPath('tier/task/object')).ino).toBe(ino);
  });

  const otherFileSystem = '/dev/shm';
  const hasOther = existsSync(otherFileSystem) && statSync(otherFileSystem).dev !== statSync(tmpdir()).dev;
  needs({ 'a second file system': hasOther }).it(
    'are copied and removed from another file system',
    async () => {
      const { store, root } = await createStore();
      const folder = await createFolder(otherFileSystem);
      const path = join(folder, 'made-there');
      await writeFile(path, BYTES);

      await store.put('tier/task/object', { path });

      expect(await buffer((await store.open('tier/task/object')).stream)).toEqual(BYTES);
      expect(await readdir(folder)).toEqual([]);
      expect(await litterOf(root)).toEqual([]);
    },
  );

  it.each<[string, (path: string) => Promise<void>]>([
    ['a folder', (path) => mkdir(path)],
    ['a link', (path) => symlink('/etc/hostname', path)],
  ])('are never %s', async (_, create) => {
    const { store, root } = await createStore();
    const path = join(await createFolder(), 'thing');
    await create(path);

    await expect(store.put('tier/task/object', { path })).rejects.toThrow('a regular file');

    expect(await readdir(dirname(path))).toEqual(['thing']);
    expect(await litterOf(root)).toEqual([]);
  });
});
