import { execFile } from 'node:child_process';
import { existsSync, renameSync, rmdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore, type FileStore } from '../../src/storage/file-store.ts';
import { objectStoreSuite } from '../suites/object-store.ts';
import { killWriters } from './kill-writers.ts';

const run = promisify(execFile);
const BYTES = Buffer.from('Lorem ipsum dolor sit amet');

let base: string;
let stores = 0;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'limelight-file-store-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

function createStore(): { store: FileStore; root: string } {
  const root = join(base, `root-${++stores}`);
  return { store: createFileStore({ root }), root };
}

/** Everything in the folder but the names that stand for objects and the folders that hold some. */
async function litterOf(root: string): Promise<string[]> {
  const litter: string[] = [];
  const versions = new Set<string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isSymbolicLink())) {
    versions.add(await realpath(join(entry.parentPath, entry.name)));
  }
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isHome = entry.isDirectory() && [...versions].some((version) => version.startsWith(`${path}/`));
    if (!entry.isSymbolicLink() && !versions.has(path) && !isHome && entry.name !== '.scratch') {
      litter.push(path);
    }
  }
  return litter;
}

describe('the port', () => {
  const suite: { store?: FileStore; root?: string } = {};
  objectStoreSuite('files', () => Object.assign(suite, createStore()).store);

  it('leaves no litter behind after all that', async () => {
    expect(await litterOf(suite.root!)).toEqual([]);
    expect(await suite.store!.deleteAll('suite/')).not.toHaveLength(0);
    expect(await readdir(suite.root!)).toEqual(['.scratch']);
  });
});

describe('processes that die', () => {
  it('shows old or new content after each of 50 SIGKILLs, never a torn one, and nothing acknowledged is lost', async () => {
    const { faults, ...report } = await killWriters({ rounds: 50, seed: 20_260 });

    expect(faults).toEqual([]);
    expect(report.kills).toBe(50);
    expect(report.acknowledged).toBeGreaterThan(0);
    // Else the kills came too early or too late to prove anything.
    expect(report.old).toBeGreaterThan(0);
  }, 240_000);

  it('sweeps what they left once it is old, and only that', async () => {
    const { store, root } = createStore();
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

describe('writers in different processes', () => {
  it('have one winner among 50 that want an absent key at once', async () => {
    const { store, root } = createStore();
    // Each with a store of its own: nothing but the file system is between them.
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

  it('have readers find the new version where the old one goes between looking and opening', async () => {
    const { store, root } = createStore();
    const folder = join(root, 'tier/task');
    const { sha256 } = await store.put('tier/task/object', BYTES);
    let swaps = 0;
    let reading = true;

    const swapping = (async () => {
      let old = await realpath(join(folder, 'object'));
      for (let turn = 0; reading; turn++, await setImmediate()) {
        // Not at every turn, or a reader never gets from one step to the next.
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
    for (let round = 0; round < 200; round++) {
      expect(await store.read('tier/task/object')).toEqual(BYTES);
    }
    reading = false;
    await swapping;

    expect(swaps).toBeGreaterThan(100);
  });
});

describe('damaged bytes', () => {
  async function flipBit(path: string, bit: number): Promise<void> {
    await using file = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, bit >> 3);
    byte[0]! ^= 1 << (bit & 7);
    await file.write(byte, 0, 1, bit >> 3);
  }

  it('finds one flipped bit in each of 100 objects, and never passes the last bytes on', async () => {
    const { store } = createStore();
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
    const { store, root } = createStore();
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

describe('links in the root', () => {
  async function createOutside(): Promise<string> {
    const outside = await mkdtemp(join(base, 'outside-'));
    await mkdir(join(outside, 'task'));
    await writeFile(join(outside, 'task/secret'), BYTES);
    return outside;
  }

  it('does not follow a folder that leads out of it', async () => {
    const { store, root } = createStore();
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

  it('does not take a link to a file outside for an object, also one that ends like a version', async () => {
    const { store, root } = createStore();
    const outside = await createOutside();
    const version = `.a.0123456789ab.${BYTES.length}.${'0'.repeat(64)}`;
    await writeFile(join(outside, version), BYTES);
    await mkdir(join(root, 'tier'));
    await symlink(join(outside, 'task/secret'), join(root, 'tier/secret'));
    await symlink(join(outside, version), join(root, 'tier/a'));
    await symlink(`../../${outside.slice(base.length + 1)}/${version}`, join(root, 'tier/b'));

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
  it('is no object: deleting it would take the bytes of the other', async () => {
    const { store, root } = createStore();
    await store.put('tier/task/object', BYTES);
    await symlink(basename(await realpath(join(root, 'tier/task/object'))), join(root, 'tier/task/alias'));

    expect(await store.stat('tier/task/alias')).toBeUndefined();
    await store.delete('tier/task/alias');
    await store.put('tier/task/alias', Buffer.from('new'));

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

describe('folders', () => {
  it('are gone with their last object, up to the root', async () => {
    const { store, root } = createStore();
    await store.put('tier/task/deep/object', BYTES);
    await store.put('tier/other', BYTES);

    await store.delete('tier/task/deep/object');
    expect((await readdir(join(root, 'tier'))).filter((name) => !name.startsWith('.'))).toEqual(['other']);
    await store.delete('tier/other');
    expect(await readdir(root)).toEqual(['.scratch']);
  });

  it('are made again by a writer whose neighbour is removing them', async () => {
    const { store, root } = createStore();
    let removals = 0;
    for (let round = 0; round < 40; round++) {
      let stored = false;
      const put = store.put('tier/task/object', BYTES).finally(() => {
        stored = true;
      });
      // Fewer than a writer puts up with, at every point where it waits.
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

  it('are no objects, nor objects folders', async () => {
    const { store } = createStore();
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

describe('files that are taken over', () => {
  it('keep their bytes where they lie on the same file system', async () => {
    const { store } = createStore();
    await using scratch = await store.scratch();
    const path = join(scratch.path, 'made-here');
    await writeFile(path, BYTES);
    const { ino } = statSync(path);

    await store.put('tier/task/object', { path });

    expect(statSync(await store.localPath('tier/task/object')).ino).toBe(ino);
  });

  const otherFileSystem = '/dev/shm';
  const hasOther = existsSync(otherFileSystem) && statSync(otherFileSystem).dev !== statSync(tmpdir()).dev;
  it.skipIf(!hasOther)('are copied and removed from another file system', async () => {
    const { store, root } = createStore();
    const folder = await mkdtemp(join(otherFileSystem, 'limelight-'));
    try {
      const path = join(folder, 'made-there');
      await writeFile(path, BYTES);

      await store.put('tier/task/object', { path });

      expect(await buffer((await store.open('tier/task/object')).stream)).toEqual(BYTES);
      expect(await readdir(folder)).toEqual([]);
      expect(await litterOf(root)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['a folder', (path) => mkdir(path)],
    ['a link', (path) => symlink('/etc/hostname', path)],
  ])('are never %s', async (_, create) => {
    const { store, root } = createStore();
    const path = join(await mkdtemp(join(base, 'elsewhere-')), 'thing');
    await create(path);

    await expect(store.put('tier/task/object', { path })).rejects.toThrow('a regular file');

    expect(await readdir(dirname(path))).toEqual(['thing']);
    expect(await litterOf(root)).toEqual([]);
  });
});

describe('a full disk', async () => {
  const mountSmall = 'mount -t tmpfs -o size=1m limelight "$1"';
  const mayMount = await run('unshare', ['-rm', 'sh', '-c', mountSmall, '-', tmpdir()]).then(
    () => true,
    () => false,
  );

  it.skipIf(!mayMount)(
    'is STORAGE_FULL (needs user namespaces to mount a small one), with the old object as it was and nothing half-written',
    async () => {
      const program = fileURLToPath(new URL('fill-disk.ts', import.meta.url));
      const mountPoint = await mkdtemp(join(base, 'small-'));
      const script = `${mountSmall} && exec "$2" "$3" "$1"`;
      const args = ['-rm', 'sh', '-c', script, '-', mountPoint, process.execPath, program];

      expect(JSON.parse((await run('unshare', args)).stdout)).toEqual({
        codes: ['STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL'],
        kept: true,
        names: ['.scratch', 'tier', 'tier/task', 'tier/task/kept'],
        fits: true,
      });
    },
  );
});
