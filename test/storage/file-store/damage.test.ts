import { appendFile, open, readdir, realpath, rm, truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BYTES, createStore } from '../../harness/storage/temporary-store.ts';

describe('damaged bytes', () => {
  async function flipBit(path: string, bit: number): Promise<void> {
    await using file = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, bit >> 3);
    byte[0]! ^= 1 << (bit & 7);
    await file.write(byte, 0, 1, bit >> 3);
  }

  it('detects one flipped bit in each of 100 objects, and never returns the last bytes', async () => {
    const { store } = await createStore();
    for (let index = 0; index < 100; index++) {
      const key = `tier/task/object-${index}`;
      const bytes = Buffer.alloc(1 + ((index * 7919) % 400_000), `${index} `);
      await store.put(key, bytes);
      await flipBit(await store.localPath(key), (index * 104_729) % (bytes.length * 8));

      await expect(store.read(key)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
      await expect(store.localPath(key)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
      const { stream } = await store.open(key);
      let passed = 0;
      const reading = (async () => {
        for await (const chunk of stream) {
          passed += chunk.length;
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
      expect(passed).toBeLessThan(bytes.length);
    }
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['cut off', (path) => truncate(path, 3)],
    ['longer', (path) => appendFile(path, '!')],
    ['gone', async (path) => rm(await realpath(path))],
  ])('says OBJECT_CORRUPT where they are %s, also of a range', async (_, damage) => {
    const { store, root } = await createStore();
    await store.put('tier/task/object', BYTES);
    await damage(await store.localPath('tier/task/object'));
    const corrupt = { code: 'OBJECT_CORRUPT' };

    await expect(store.read('tier/task/object')).rejects.toMatchObject(corrupt);
    await expect(store.open('tier/task/object', { start: 0, end: 1 })).rejects.toMatchObject(corrupt);

    await store.put('tier/task/object', BYTES);
    expect(await store.read('tier/task/object')).toEqual(BYTES);
    await store.delete('tier/task/object');
    expect(await readdir(root)).toEqual(['.scratch']);
  });
});
