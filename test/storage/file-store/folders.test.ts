import { rmdirSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { BYTES, createStore } from '../../harness/storage/temporary-store.ts';

describe('an unusable root', () => {
  it('is refused with a message that names the setting', async () => {
    const { root } = await createStore();
    await writeFile(join(root, 'file'), BYTES);

    expect(() => createFileStore({ root: join(root, 'file/store') })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('Expected STORAGE_ROOT to be a writable folder'),
      }),
    );
  });
});

describe('folders', () => {
  it('are removed with their last object, up to the root', async () => {
    const { store, root } = await createStore();
    await store.put('tier/task/deep/object', BYTES);
    await store.put('tier/other', BYTES);

    await store.delete('tier/task/deep/object');
    expect((await readdir(join(root, 'tier'))).filter((name) => !name.startsWith('.'))).toEqual(['other']);
    await store.delete('tier/other');
    expect(await readdir(root)).toEqual(['.scratch']);
  });

  it('are created again by a writer while another process removes them', async () => {
    const { store, root } = await createStore();
    let removals = 0;
    for (let round = 0; round < 40; round++) {
      let stored = false;
      const put = store.put('tier/task/object', BYTES).finally(() => {
        stored = true;
      });
      // Fewer than a writer's maximum number of attempts, at every point where it waits.
      for (let left = 4; left > 0 && !stored; await setImmediate()) {
        for (const folder of ['tier/task', 'tier']) {
          const removed = tryToRemove(join(root, folder));
          left -= removed ? 1 : 0;
          removals += removed ? 1 : 0;
        }
      }
      await put;
      await store.delete('tier/task/object');
    }

    expect(removals).toBeGreaterThan(40);
    expect(await readdir(root)).toEqual(['.scratch']);
  });

  it('cannot be objects, and objects cannot be folders', async () => {
    const { store } = await createStore();
    await store.put('tier/task/object', BYTES);

    await expect(store.put('tier/task', BYTES)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
    await expect(store.put('tier/task/object/part', BYTES)).rejects.toMatchObject({
      code: 'OBJECT_KEY_INVALID',
    });
    expect(await store.stat('tier/task')).toBeUndefined();
    expect(await store.stat('tier/task/object/part')).toBeUndefined();
    expect(await store.read('tier/task/object')).toEqual(BYTES);
  });
});

function tryToRemove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
