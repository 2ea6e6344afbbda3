import fs from 'node:fs';
import { mkdir, mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { createScratchFolder } from '../../../src/storage/scratch-folder.ts';
import { type FileFaults, injectFileFaults } from './file-faults.ts';
import { litterOf } from './litter-of.ts';

const OLD = 'the old content';
const NEW = 'the new content, which is longer';
const KEY = 'tier/task/object';
const SOURCE = 'tier/task/source';
const ABSENT = 'tier/other/object';

/** The content of each object; undefined if there is none. */
type Contents = Record<string, string | undefined>;
const BEFORE: Contents = { [KEY]: OLD, [SOURCE]: NEW };

interface Write {
  run(store: ObjectStore, file: string): Promise<unknown>;
  /** What the write changes. */
  after: Contents;
}

const WRITES: Record<string, Write> = {
  'put of bytes': { run: (store) => store.put(KEY, Buffer.from(NEW)), after: { [KEY]: NEW } },
  'put of a stream': {
    run: (store) => store.put(KEY, Readable.from([Buffer.from(NEW.slice(0, 5)), Buffer.from(NEW.slice(5))])),
    after: { [KEY]: NEW },
  },
  'put of an absent key': {
    run: (store) => store.put(ABSENT, Buffer.from(NEW), { ifAbsent: true }),
    after: { [ABSENT]: NEW },
  },
  'put of a file': { run: (store, path) => store.put(KEY, { path }), after: { [KEY]: NEW } },
  'put of two objects': {
    run: (store) =>
      store.putMany([
        { key: KEY, body: Buffer.from(NEW) },
        { key: ABSENT, body: Buffer.from(NEW) },
      ]),
    after: { [KEY]: NEW, [ABSENT]: NEW },
  },
  copy: { run: (store) => store.copy(SOURCE, KEY), after: { [KEY]: NEW } },
  delete: { run: (store) => store.delete(KEY), after: { [KEY]: undefined } },
  'delete of two objects': {
    run: (store) => store.deleteMany([KEY, SOURCE]),
    after: { [KEY]: undefined, [SOURCE]: undefined },
  },
  'delete of a folder': {
    run: (store) => store.deleteAll('tier/'),
    after: { [KEY]: undefined, [SOURCE]: undefined },
  },
};

let folder: string;
let faults: FileFaults;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'limelight-faults-')));
  faults = await injectFileFaults(folder);
});
afterAll(async () => {
  faults[Symbol.dispose]();
  await rm(folder, { recursive: true });
});

/** Runs the write in a new store, with a fault wherever `fails` returns true. */
async function attempt({ run }: Write, code: string, fails: (step: string) => boolean) {
  const root = join(folder, 'store');
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
  const store = createFileStore({ root });
  for (const [key, text] of Object.entries(BEFORE)) await store.put(key, Buffer.from(text!));
  await using scratch = await store.scratch();
  const file = join(scratch.path, 'file');
  await writeFile(file, NEW);

  faults.arm((step) => (fails(step) ? Object.assign(new Error(`injected: ${step}`), { code }) : undefined));
  const failure: unknown = await run(store, file).then(
    () => undefined,
    (error) => error ?? new Error('rejected without a reason'),
  );
  faults.disarm();
  return { store, root, failure };
}

async function contentsOf(store: ObjectStore): Promise<Contents> {
  const contents: Contents = {};
  // Reading verifies the checksum.
  for await (const { key } of store.list('')) contents[key] = (await store.read(key)).toString();
  return contents;
}

async function expectWhole(
  write: Write,
  where: string,
  { store, failure }: Awaited<ReturnType<typeof attempt>>,
) {
  const contents = await contentsOf(store);
  for (const key of new Set([KEY, SOURCE, ABSENT, ...Object.keys(contents)])) {
    const isChanged = key in write.after;
    const allowed =
      failure && isChanged ? [BEFORE[key], write.after[key]] : [isChanged ? write.after[key] : BEFORE[key]];
    expect(allowed, `${key} after a fault at ${where}`).toContain(contents[key]);
  }
}

describe('an injected fault', () => {
  it.each<[string, (path: string) => unknown]>([
    ['a promise', (path) => writeFile(path, NEW)],
    ['a promise of node:fs', (path) => fs.promises.rename(`${folder}/other`, path)],
    ['a callback', (path) => promisify(fs.writeFile)(path, NEW)],
    ['a synchronous call', (path) => fs.cpSync(import.meta.filename, path)],
    ['a stream', (path) => finished(fs.createWriteStream(path).end(NEW))],
  ])('reaches %s', async (_, call) => {
    faults.arm(() => new Error('injected'));

    await expect((async () => call(join(folder, 'file')))()).rejects.toThrow('injected');

    faults.disarm();
    expect(fs.existsSync(join(folder, 'file'))).toBe(false);
  });

  it('reaches open handles and descriptors', async () => {
    await using handle = await open(join(folder, 'open'), 'w');
    const fd = fs.openSync(join(folder, 'open'), 'w');
    faults.arm(() => new Error('injected'));

    await expect(handle.write(NEW)).rejects.toThrow('injected');
    expect(() => fs.writeSync(fd, NEW)).toThrow('injected');

    faults.disarm();
    fs.closeSync(fd);
    expect(fs.readFileSync(join(folder, 'open'), 'utf8')).toBe('');
  });
});

describe.each(Object.entries(WRITES))('a fault at each step of a %s', (_, write) => {
  it.each([
    ['once', false, 'EIO'],
    ['from then on, because the disk is full', true, 'ENOSPC'],
  ])('leaves old or new content, and nothing that the sweep misses (%s)', async (_when, forGood, code) => {
    const tried = new Set<string>();
    for (;;) {
      let failed: string | undefined;
      const attempted = await attempt(write, code, (step) => {
        if (failed === undefined && !tried.has(step)) failed = step;
        return failed === step || (forGood && failed !== undefined);
      });

      await expectWhole(write, failed ?? 'no step', attempted);
      await attempted.store.sweep({ olderThanMs: -1000 });
      expect(await litterOf(attempted.root), `after a fault at ${failed}`).toEqual([]);
      await expectWhole(write, failed ?? 'no step', attempted);
      if (failed === undefined) {
        expect(attempted.failure).toBeUndefined();
        break;
      }
      tried.add(failed);
    }
    // Else nothing was injected: these are the steps that change the disk.
    expect([...tried].join()).toMatch(/\b(rename|symlink|unlink|rm|rmdir)(Sync)? /);
  });

  it.each(['EIO', 'EROFS', 'ESTALE'])('is an outage if every step fails with %s', async (code) => {
    const { failure } = await attempt(write, code, () => true);

    expect(failure).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('changes nothing if every step fails', async () => {
    const { store, failure } = await attempt(write, 'EIO', () => true);

    expect(failure).toBeDefined();
    expect(await contentsOf(store)).toEqual(BEFORE);
  });
});

it.each(['EIO', 'EROFS', 'ESTALE'])('reading is an outage if the file system fails with %s', async (code) => {
  const calls: Array<(store: ObjectStore) => Promise<unknown>> = [
    (store) => store.read(KEY),
    (store) => store.stat(KEY),
    (store) => store.localPath(KEY),
    (store) => Array.fromAsync(store.list('')),
  ];
  for (const run of calls) {
    const { failure } = await attempt({ run, after: {} }, code, () => true);
    expect(failure, String(run)).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  }
});

describe('a file that is received into a scratch folder', () => {
  const receive = async (body: AsyncIterable<Uint8Array>, code?: string) => {
    const { store } = await attempt({ run: async () => undefined, after: {} }, 'EIO', () => false);
    await using scratch = await store.scratch();
    if (code) {
      const injected = Object.assign(new Error('injected'), { code });
      faults.arm((step) => (step.startsWith('handle.write') ? injected : undefined));
    }
    try {
      return await scratch.receive('file', body);
    } finally {
      faults.disarm();
    }
  };

  it.each(['EIO', 'EROFS', 'ESTALE'])('is an outage if it cannot be written (%s)', async (code) => {
    await expect(receive(Readable.from([Buffer.from(NEW)]), code)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });

  it.each(['EIO', 'EROFS', 'ESTALE'])('is an outage if there can be no such folder (%s)', async (code) => {
    faults.arm(() => Object.assign(new Error('injected'), { code }));

    // Of a store in a bucket, which has its scratch folders beside it.
    await expect(createScratchFolder(folder)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });

    faults.disarm();
  });

  it('is no outage if its sender fails with the same code', async () => {
    async function* body() {
      yield Buffer.from(NEW);
      throw Object.assign(new Error('the connection was lost'), { code: 'ETIMEDOUT' });
    }

    await expect(receive(body())).rejects.toThrow('the connection was lost');
  });
});

it('scratch files that cannot be removed do not hide the error of the work', async () => {
  const { store } = await attempt({ run: async () => undefined, after: {} }, 'EIO', () => false);
  const work = async () => {
    await using _ = await store.scratch();
    faults.arm(() => Object.assign(new Error('injected'), { code: 'EROFS' }));
    throw new Error('the reason');
  };

  await expect(work()).rejects.toThrow('the reason');

  faults.disarm();
});
