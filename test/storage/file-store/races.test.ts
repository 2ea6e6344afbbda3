import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { BYTES, createStore } from '../../harness/storage/temporary-store.ts';
import { litterOf } from './litter-of.ts';

describe('writers in different processes', () => {
  it('have one winner if 50 create the same key at once', async () => {
    const { store, root } = await createStore();
    // Separate stores, which share only the file system.
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, writer) =>
        createFileStore({ root })
          .put('tier/task/object', Buffer.alloc(5000, writer), { ifAbsent: true })
          .then(
            () => writer,
            (error: { code?: string }) => error.code,
          ),
      ),
    );

    const winners = outcomes.filter((outcome) => outcome !== 'OBJECT_EXISTS');
    expect(winners).toHaveLength(1);
    expect((await store.read('tier/task/object')).equals(Buffer.alloc(5000, Number(winners[0])))).toBe(true);
    expect(await litterOf(root)).toEqual([]);
  });

  it('let readers find the new version if the old one is removed before they open it', async () => {
    const { store, root } = await createStore();
    const folder = join(root, 'tier/task');
    const { sha256 } = await store.put('tier/task/object', BYTES);
    let swaps = 0;
    let reading = true;

    const swapping = (async () => {
      let old = await realpath(join(folder, 'object'));
      for (let turn = 0; reading; turn++, await setImmediate()) {
        // Not every time, or a reader could never proceed.
        if (turn % 4 === 0) {
          const version = `.object.${(swaps++).toString(16).padStart(12, '0')}.${BYTES.length}.${sha256}`;
          writeFileSync(join(folder, version), BYTES);
          symlinkSync(version, join(root, 'link'));
          renameSync(join(root, 'link'), join(folder, 'object'));
          rmSync(old);
          old = join(folder, version);
        }
      }
    })();
    for (let round = 0; round < 60; round++) {
      expect(await store.read('tier/task/object')).toEqual(BYTES);
    }
    reading = false;
    await swapping;

    expect(swaps).toBeGreaterThan(60);
  });
});
