import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { createStore } from '../../harness/storage/temporary-store.ts';
import { litterOf } from './litter-of.ts';

/** A step is a file system call. It fails at `at`, once or from then on. */
const faults = vi.hoisted(() => ({
  at: Number.POSITIVE_INFINITY,
  forGood: false,
  code: 'EIO',
  steps: 0,
  step() {
    this.steps += 1;
    if (this.steps === this.at || (this.forGood && this.steps > this.at)) {
      throw Object.assign(new Error(`injected at step ${this.steps}`), { code: this.code });
    }
  },
}));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<Record<string, unknown>>();
  // Closing always works: otherwise the test itself would leak handles.
  const passes = new Set<PropertyKey>(['close', Symbol.asyncDispose, 'createReadStream', 'fd', 'on', 'once']);
  const wrapHandle = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (!passes.has(name)) faults.step();
          return value.apply(target, args);
        };
      },
    });
  const wrap =
    (call: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      faults.step();
      const result = await call(...args);
      return result?.constructor?.name === 'FileHandle' ? wrapHandle(result as FileHandle) : result;
    };
  return Object.fromEntries(
    Object.entries(real).map(([name, value]) => [
      name,
      typeof value === 'function' ? wrap(value as never) : value,
    ]),
  );
});

const OLD = Buffer.from('the old content');
const NEW = Buffer.from('the new content, which is longer');
const KEY = 'tier/task/object';

const WRITES: Record<string, (store: ObjectStore, folder: string) => Promise<unknown>> = {
  'put of bytes': (store) => store.put(KEY, NEW),
  'put of a stream': (store) => store.put(KEY, Readable.from([NEW.subarray(0, 5), NEW.subarray(5)])),
  'put of an absent key': (store) => store.put('tier/other/object', NEW, { ifAbsent: true }),
  'put of a file': async (store) => {
    await using scratch = await store.scratch();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(scratch.path, 'file'), NEW);
    await store.put(KEY, { path: join(scratch.path, 'file') });
  },
  copy: (store) => store.copy('tier/task/source', KEY),
  delete: (store) => store.delete(KEY),
  'delete of a folder': (store) => store.deleteAll('tier/'),
};

afterEach(() => {
  faults.at = Number.POSITIVE_INFINITY;
});

describe.each(Object.entries(WRITES))('a fault at each step of a %s', (_, write) => {
  it.each([
    ['once', false, 'EIO'],
    ['from then on, because the disk is full', true, 'ENOSPC'],
  ])('leaves old or new content, and nothing that the sweep misses (%s)', async (_when, forGood, code) => {
    for (let at = 1; ; at++) {
      const { store, root } = await createStore();
      await store.put(KEY, OLD);
      await store.put('tier/task/source', NEW);
      Object.assign(faults, { steps: 0, at, forGood, code });

      const failure = await write(store, root).then(
        () => undefined,
        (error: unknown) => error,
      );
      const isPastTheEnd = faults.steps < at;
      faults.at = Number.POSITIVE_INFINITY;

      for await (const { key } of store.list('')) {
        const bytes = await store.read(key);
        expect(bytes.equals(OLD) || bytes.equals(NEW), `${key} after a fault at step ${at}`).toBe(true);
      }
      await store.sweep({ olderThanMs: -1000 });
      expect(await litterOf(root), `after a fault at step ${at}`).toEqual([]);
      if (isPastTheEnd) {
        expect(failure).toBeUndefined();
        expect(at).toBeGreaterThan(4);
        return;
      }
    }
  });
});
