import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BYTES, createFolder, createStore } from '../../harness/storage/temporary-store.ts';

describe('links in the root', () => {
  async function createOutside(): Promise<string> {
    const outside = await createFolder();
    await mkdir(join(outside, 'task'));
    await writeFile(join(outside, 'task/secret'), BYTES);
    return outside;
  }

  it('are not followed to a folder outside of it', async () => {
    const { store, root } = await createStore();
    const outside = await createOutside();
    await symlink(outside, join(root, 'tier'));
    await symlink(join(outside, 'task'), join(root, 'task'));

    for (const key of ['tier/task/secret', 'task/secret']) {
      await expect(store.read(key)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      await expect(store.put(key, BYTES)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
      await expect(store.put(`${key}2`, BYTES)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
      expect(await store.stat(key)).toBeUndefined();
      await store.delete(key);
    }
    expect(await store.deleteAll('tier/')).toEqual([]);
    for await (const { key } of store.list('')) {
      expect.fail(`${key} was listed`);
    }
    await store.sweep({ olderThanMs: -1000 });

    expect(await readdir(outside, { recursive: true })).toEqual(['task', 'task/secret']);
    expect(await readFile(join(outside, 'task/secret'))).toEqual(BYTES);
  });

  it('are not objects if they lead to a file outside, even if that is named like a version', async () => {
    const { store, root } = await createStore();
    const outside = await createOutside();
    const version = `.a.0123456789ab.${BYTES.length}.${'0'.repeat(64)}`;
    await writeFile(join(outside, version), BYTES);
    await mkdir(join(root, 'tier'));
    await symlink(join(outside, 'task/secret'), join(root, 'tier/secret'));
    await symlink(join(outside, version), join(root, 'tier/a'));
    await symlink(`../../${basename(outside)}/${version}`, join(root, 'tier/b'));

    for (const key of ['tier/secret', 'tier/a', 'tier/b']) {
      await expect(store.read(key)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      await store.put(key, Buffer.from('new'));
      expect((await store.read(key)).toString()).toBe('new');
    }
    expect(await readFile(join(outside, 'task/secret'))).toEqual(BYTES);
    expect(await readFile(join(outside, version))).toEqual(BYTES);
  });
});

describe('a link to the version of another object', () => {
  it('is not an object, because deleting it would delete the other’s bytes', async () => {
    const { store, root } = await createStore();
    await store.put('tier/task/object', BYTES);
    await symlink(basename(await realpath(join(root, 'tier/task/object'))), join(root, 'tier/task/alias'));

    expect(await store.stat('tier/task/alias')).toBeUndefined();
    await store.delete('tier/task/alias');
    await store.put('tier/task/alias', Buffer.from('new'));

    expect(await store.read('tier/task/object')).toEqual(BYTES);
  });
});
