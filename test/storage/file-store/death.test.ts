import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BYTES, createStore } from '../../harness/storage/temporary-store.ts';
import { killWriters } from './kill-writers.ts';
import { litterOf } from './litter-of.ts';

describe('killed processes', () => {
  it('leave old or new content after each of 50 SIGKILLs, never a mix, and lose no acknowledged write', async () => {
    const { faults, ...report } = await killWriters({ rounds: 50, seed: 20_260 });

    expect(faults).toEqual([]);
    expect(report.kills).toBe(50);
    expect(report.acknowledged).toBeGreaterThan(0);
    // Otherwise the kills were too early or too late to prove anything.
    expect(report.old).toBeGreaterThan(0);
  }, 240_000);

  it('leave files that the sweep removes once they are old, and only these', async () => {
    const { store, root } = await createStore();
    await store.put('tier/task/object', BYTES);
    await using scratch = await store.scratch();
    const sha256 = 'a'.repeat(64);
    const orphan = join(root, `tier/task/.object.0123456789ab.26.${sha256}`);
    const half = join(root, '.scratch/put-0123456789ab');
    await writeFile(orphan, BYTES);
    await writeFile(half, BYTES);
    await mkdir(join(root, 'tier/empty/deep'), { recursive: true });

    expect(await store.sweep({ olderThanMs: 60_000 })).toEqual([]);
    expect(existsSync(orphan) && existsSync(half) && existsSync(join(root, 'tier/empty/deep'))).toBe(true);

    const removed = await store.sweep({ olderThanMs: -1000 });

    expect(removed.sort()).toEqual([half, scratch.path, orphan].sort());
    expect(await litterOf(root)).toEqual([]);
    expect(await store.read('tier/task/object')).toEqual(BYTES);
  });
});
