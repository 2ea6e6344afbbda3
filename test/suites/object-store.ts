import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';

const BYTES = Buffer.from('The quick brown fox jumps over the lazy dog');
const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592';

/** The promises of the port. Every adapter runs them; an adapter's own test adds what is special to it. */
export function objectStoreSuite(
  name: string,
  /** @param guard the store calls it before each change, see `openStore`. */
  create: (guard: () => void) => Promise<ObjectStore> | ObjectStore,
  { signsUrls }: { signsUrls: boolean },
): void {
  describe(`ObjectStore: ${name}`, () => {
    let store: ObjectStore;
    let folders = 0;
    /** Keys of no other test. */
    const fresh = () => `suite/t${++folders}/`;
    /** What the guard throws, if it does. */
    let refusal: Error | undefined;
    beforeAll(async () => {
      store = await create(() => {
        if (refusal) throw refusal;
      });
    });
    const keys = async (prefix: string) => (await collect(store.list(prefix))).map(({ key }) => key);

    it('returns key, size and SHA-256 from a put, and the same from stat', async () => {
      const key = `${fresh()}a.bin`;
      const before = Date.now();
      const stored = { key, bytes: BYTES.length, sha256: SHA256 };

      expect(await store.put(key, BYTES)).toEqual(stored);

      const stat = await store.stat(key);
      expect(stat).toEqual({ ...stored, modifiedAt: expect.any(Date) });
      expect(Math.abs(stat!.modifiedAt.getTime() - before)).toBeLessThan(60_000);
      const { stream, ...opened } = await store.open(key);
      stream.destroy();
      expect(opened).toEqual(stat);
    });

    it('changes nothing, and reads as before, if its guard throws', async () => {
      const folder = fresh();
      const [a, b] = [`${folder}a`, `${folder}b`];
      await store.put(a, BYTES);
      await using scratch = await store.scratch();
      const path = join(scratch.path, 'made-here');
      await writeFile(path, 'other bytes');
      const changes: Array<() => Promise<unknown>> = [
        () => store.put(a, Buffer.from('other bytes')),
        () => store.put(a, { path }),
        () => store.put(b, BYTES),
        () => store.put(b, BYTES, { ifAbsent: true }),
        () => store.putMany([{ key: a, body: Buffer.from('other bytes') }]),
        () => store.copy(a, b),
        () => store.delete(a),
        () => store.deleteMany([a]),
        () => store.deleteAll(folder),
      ];

      for (const change of changes) {
        refusal = new Error('The attempt is lost');
        try {
          await expect(change(), String(change)).rejects.toBe(refusal);
        } finally {
          refusal = undefined;
        }
        expect(await keys(folder), String(change)).toEqual([a]);
        expect(await store.read(a)).toEqual(BYTES);
      }
      refusal = new Error('The attempt is lost');
      try {
        expect(await store.read(a)).toEqual(BYTES);
        expect(await keys(folder)).toEqual([a]);
      } finally {
        refusal = undefined;
      }
    });

    it.each([0, 1, 65_536, 3_000_001])('returns %i bytes as they were put', async (size) => {
      const folder = fresh();
      const bytes = noise(size);

      await store.put(`${folder}array`, bytes);
      await store.put(`${folder}stream`, Readable.from(slices(bytes, 50_000)));

      for (const key of [`${folder}array`, `${folder}stream`]) {
        expect((await store.read(key)).equals(bytes)).toBe(true);
        expect((await buffer((await store.open(key)).stream)).equals(bytes)).toBe(true);
        expect((await store.stat(key))?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      }
    });

    it.each(['hashes', 'is told the hash of'])('adopts a scratch file that it %s', async (who) => {
      const key = `${fresh()}adopted.bin`;
      const bytes = noise(200_000);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await using scratch = await store.scratch();
      const path = join(scratch.path, 'made-here');
      await writeFile(path, bytes);

      const stored = await store.put(key, { path, ...(who !== 'hashes' && { sha256 }) });

      expect(stored).toEqual({ key, bytes: bytes.length, sha256 });
      expect((await store.read(key)).equals(bytes)).toBe(true);
      expect(await readdir(scratch.path)).toEqual([]);
    });

    it('puts many objects, each completely, even if one of them fails', async () => {
      const folder = fresh();
      const bytes = noise(1000);
      await using scratch = await store.scratch();
      const path = join(scratch.path, 'made-here');
      await writeFile(path, bytes);

      const stored = await store.putMany([
        { key: `${folder}b`, body: { path } },
        { key: `${folder}deeper/a`, body: BYTES },
      ]);

      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(stored).toEqual([
        { key: `${folder}b`, bytes: 1000, sha256 },
        { key: `${folder}deeper/a`, bytes: BYTES.length, sha256: SHA256 },
      ]);
      expect((await store.read(`${folder}b`)).equals(bytes)).toBe(true);
      expect((await store.read(`${folder}deeper/a`)).equals(BYTES)).toBe(true);

      const broken = Readable.from(
        (async function* () {
          yield noise(1000);
          throw new Error('The connection was reset');
        })(),
      );
      const some = store.putMany([
        { key: `${folder}c`, body: broken },
        { key: `${folder}d`, body: BYTES },
      ]);
      await expect(some).rejects.toThrow('The connection was reset');
      expect(await keys(folder)).toEqual([`${folder}b`, `${folder}d`, `${folder}deeper/a`]);
      expect(await store.putMany([])).toEqual([]);
    });

    it('creates separate scratch folders that are removed on disposal', async () => {
      const first = await store.scratch();
      await using second = await store.scratch();
      await writeFile(join(first.path, 'left-over'), BYTES);

      expect(second.path).not.toBe(first.path);
      expect(await readdir(second.path)).toEqual([]);
      await first[Symbol.asyncDispose]();
      await expect(readdir(first.path)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('replaces an object', async () => {
      const key = `${fresh()}a`;
      await store.put(key, noise(1000));

      await store.put(key, BYTES);

      expect(await store.read(key)).toEqual(BYTES);
      expect(await store.stat(key)).toMatchObject({ bytes: BYTES.length, sha256: SHA256 });
    });

    it('lets a reader that started before a replacement finish with the old bytes', async () => {
      const key = `${fresh()}a`;
      const old = noise(2_000_000);
      await store.put(key, old);
      const { stream } = await store.open(key);

      await store.put(key, BYTES);

      expect((await buffer(stream)).equals(old)).toBe(true);
    });

    it('never shows readers a mix of versions while writers race', async () => {
      const key = `${fresh()}a`;
      const contents = [1, 2, 3].map((fill) => Buffer.alloc(200_000, fill));
      await store.put(key, contents[0]!);
      let writing = true;
      const seen = new Set<number>();

      const reading = (async () => {
        while (writing) {
          const bytes = await store.read(key);
          expect(contents.some((content) => content.equals(bytes))).toBe(true);
          seen.add(bytes[0]!);
        }
      })();
      await Promise.all(
        contents.map(async (content) => {
          for (let round = 0; round < 10 || seen.size < 2; round++) {
            await store.put(key, content);
          }
        }),
      );
      writing = false;
      await reading;

      expect(seen.size).toBeGreaterThanOrEqual(2);
    });

    it('always finds an object that is being replaced', async () => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);
      let writing = true;

      const readers = Array.from({ length: 8 }, async () => {
        while (writing) {
          expect(await store.read(key)).toEqual(BYTES);
        }
      });
      for (let round = 0; round < 60; round++) {
        await store.put(key, BYTES);
      }
      writing = false;
      await Promise.all(readers);
    });

    it('rejects an existing key with OBJECT_EXISTS and `ifAbsent`, and keeps the object', async () => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES, { ifAbsent: true });

      const unread = Readable.from([noise(10)]);
      await expect(store.put(key, unread, { ifAbsent: true })).rejects.toMatchObject({
        code: 'OBJECT_EXISTS',
      });
      expect(unread.destroyed).toBe(true);
      await expect(store.put(key, noise(10), { ifAbsent: true })).rejects.toMatchObject({
        code: 'OBJECT_EXISTS',
      });
      expect(await store.read(key)).toEqual(BYTES);
    });

    it('has one winner if 50 create the same key at once', async () => {
      const folder = fresh();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, writer) =>
          store.put(`${folder}a`, Buffer.alloc(5000, writer), { ifAbsent: true }),
        ),
      );

      const won = outcomes.flatMap((outcome, writer) => (outcome.status === 'fulfilled' ? [writer] : []));
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) {
        expect(outcome.status === 'fulfilled' || outcome.reason.code).toBeOneOf([true, 'OBJECT_EXISTS']);
      }
      expect((await store.read(`${folder}a`)).equals(Buffer.alloc(5000, won[0]))).toBe(true);
    });

    it('keeps nothing of a stream that breaks', async () => {
      const key = `${fresh()}a`;
      const broken = Readable.from(
        (function* () {
          yield noise(100_000);
          throw new Error('The connection was reset');
        })(),
      );

      await expect(store.put(key, broken)).rejects.toThrow('The connection was reset');
      expect(await store.stat(key)).toBeUndefined();
    });

    it('keeps the old object if a stream ends too early', async () => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);
      const stream = new Readable({ read() {} });
      stream.push(noise(1000));

      const put = store.put(key, stream);
      stream.destroy();

      await expect(put).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      expect(await store.read(key)).toEqual(BYTES);
    });

    it('rejects with the reason of the signal, destroys the stream, and keeps nothing', async () => {
      const key = `${fresh()}a`;
      const controller = new AbortController();
      const reason = new Error('The job was cancelled');
      const endless = new Readable({
        read() {
          this.push(Buffer.alloc(10_000));
        },
      });

      const put = store.put(key, endless, { signal: controller.signal });
      await setImmediate();
      controller.abort(reason);

      await expect(put).rejects.toBe(reason);
      expect(endless.destroyed).toBe(true);
      expect(await store.stat(key)).toBeUndefined();
      await expect(store.put(key, BYTES, { signal: controller.signal })).rejects.toBe(reason);
      expect(await store.stat(key)).toBeUndefined();
    });

    it('also stops while a stream is idle', async () => {
      const key = `${fresh()}a`;
      const controller = new AbortController();
      const reason = new Error('The job was cancelled');
      const silent = new Readable({ read() {} });
      silent.push(BYTES);

      const put = store.put(key, silent, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);

      await expect(put).rejects.toBe(reason);
      expect(silent.destroyed).toBe(true);
      expect(await store.stat(key)).toBeUndefined();
    });

    it.each([
      { start: 0, end: 0 },
      { start: 10, end: 19 },
      { start: 42, end: 42 },
      { start: 0, end: 42 },
    ])('gives the bytes from $start to $end', async (range) => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);

      const { stream, bytes } = await store.open(key, range);

      expect(bytes).toBe(BYTES.length);
      expect(await buffer(stream)).toEqual(BYTES.subarray(range.start, range.end + 1));
    });

    it.each([
      { start: 43, end: 43 },
      { start: 0, end: 43 },
      { start: 5, end: 4 },
      { start: -1, end: 4 },
      { start: 0.5, end: 4 },
      { start: 0, end: Number.NaN },
    ])('refuses the range $start to $end of 43 bytes', async (range) => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);
      await expect(store.open(key, range)).rejects.toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
    });

    it('rejects a missing key with OBJECT_NOT_FOUND, and returns no stat', async () => {
      const key = `${fresh()}nope`;
      await expect(store.read(key)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      await expect(store.open(key)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      await expect(store.localPath(key)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      expect(await store.stat(key)).toBeUndefined();
    });

    it('lists in key order, with "-" and "." before "/"', async () => {
      const folder = fresh();
      const names = ['a/1', 'a-1', 'a.1', 'B', 'a/0/x', 'a0', '_', 'a/1-', 'b'].map((n) => folder + n);
      for (const name of names) {
        await store.put(name, BYTES);
      }

      expect(await keys(folder)).toEqual([...names].sort());
      expect(await keys(`${folder}a`)).toEqual(names.filter((n) => n.startsWith(`${folder}a`)).sort());
      expect(await keys(`${folder}a/`)).toEqual([`${folder}a/0/x`, `${folder}a/1`, `${folder}a/1-`]);
      expect(await keys(`${folder}none/`)).toEqual([]);
      expect((await keys('')).filter((key) => key.startsWith(folder))).toEqual([...names].sort());
    });

    it('lists the same as stat, except for the hash', async () => {
      const folder = fresh();
      await store.put(`${folder}a`, BYTES);
      const { sha256: _, ...rest } = (await store.stat(`${folder}a`))!;
      expect(await collect(store.list(folder))).toEqual([rest]);
    });

    it('lists in pages, each after the last key of the previous one', async () => {
      const folder = fresh();
      const names = ['a/1', 'a/2', 'a-1', 'b', 'c/1/x', 'c/2'].map((name) => folder + name).sort();
      for (const name of names) {
        await store.put(name, BYTES);
      }

      const pages: string[][] = [];
      for (let after: string | undefined; pages.length < 9; after = pages.at(-1)?.at(-1)) {
        const page: string[] = [];
        for await (const { key } of store.list(folder, after === undefined ? {} : { after })) {
          page.push(key);
          if (page.length === 2) break;
        }
        if (page.length === 0) break;
        pages.push(page);
      }

      expect(pages).toEqual([names.slice(0, 2), names.slice(2, 4), names.slice(4)]);
      expect(await collect(store.list(folder, { after: `${folder}zz` }))).toEqual([]);
    });

    it('copies an object, also over another, and each can be deleted without the other', async () => {
      const folder = fresh();
      const [from, to] = [`${folder}from/a`, `${folder}to/b`];
      await store.put(from, BYTES);
      await store.put(to, noise(10));

      expect(await store.copy(from, to)).toEqual({ key: to, bytes: BYTES.length, sha256: SHA256 });
      expect(await store.stat(to)).toMatchObject({ bytes: BYTES.length, sha256: SHA256 });

      await store.put(from, noise(20));
      expect(await store.read(to)).toEqual(BYTES);
      await store.delete(from);
      expect(await store.read(to)).toEqual(BYTES);
      await store.copy(to, from);
      await store.delete(to);
      expect(await store.read(from)).toEqual(BYTES);
    });

    it('rejects a copy of a missing key', async () => {
      const folder = fresh();
      await expect(store.copy(`${folder}nope`, `${folder}b`)).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
      });
      expect(await keys(folder)).toEqual([]);
    });

    it('deletes many objects, even if some are missing', async () => {
      const folder = fresh();
      const names = ['a', 'b/1', 'b/2', 'c'].map((name) => folder + name);
      for (const name of names) {
        await store.put(name, BYTES);
      }

      await store.deleteMany([...names.slice(0, 3), `${folder}nope`]);
      await store.deleteMany([]);

      expect(await keys(folder)).toEqual([names[3]]);
    });

    it(signsUrls ? 'returns a URL that works without a key' : 'returns no URL', async () => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);

      const url = await store.signUrl(key, { expiresInMs: 60_000 });

      if (!signsUrls) {
        expect(url).toBeUndefined();
        return;
      }
      const response = await fetch(url!);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(BYTES);
      expect((await fetch(url!.replace(/\?.*/, ''))).ok).toBe(false);
    });

    it('sweeps nothing that is young or complete', async () => {
      const folder = fresh();
      await store.put(`${folder}a`, BYTES);
      await using scratch = await store.scratch();

      expect(await store.sweep({ olderThanMs: 60_000 })).toEqual([]);

      expect(await readdir(scratch.path)).toEqual([]);
      expect(await store.read(`${folder}a`)).toEqual(BYTES);
    });

    it('treats deleting a missing key as done', async () => {
      const key = `${fresh()}a`;
      await store.put(key, BYTES);

      await store.delete(key);
      await store.delete(key);

      expect(await store.stat(key)).toBeUndefined();
      await store.put(key, BYTES, { ifAbsent: true });
    });

    it('deletes a folder but no neighbour, and returns the deleted keys', async () => {
      const folder = fresh();
      for (const name of ['t-1/a', 't-1/deep/b', 't-10/c', 't-1.c']) {
        await store.put(folder + name, BYTES);
      }

      expect(await store.deleteAll(`${folder}t-1/`)).toEqual([`${folder}t-1/a`, `${folder}t-1/deep/b`]);

      expect(await keys(folder)).toEqual([`${folder}t-1.c`, `${folder}t-10/c`]);
      expect(await store.deleteAll(`${folder}t-1/`)).toEqual([]);
    });

    it('returns a path with the bytes of the object', async () => {
      const key = `${fresh()}a.txt`;
      await store.put(key, BYTES);
      expect(await readFile(await store.localPath(key))).toEqual(BYTES);
    });

    it.each([
      '',
      '/',
      '/etc/passwd',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      '../a',
      'a/./b',
      '.scratch/a',
      'a/.b',
      'a\\b',
      'a b',
      'a\0',
      'ä',
      'a\n',
      'x'.repeat(129),
      `${'x/'.repeat(256)}x`,
    ])('refuses the key %j everywhere', async (key) => {
      const refused = { code: 'OBJECT_KEY_INVALID' };
      await expect(store.put(key, BYTES)).rejects.toMatchObject(refused);
      await expect(store.open(key)).rejects.toMatchObject(refused);
      await expect(store.read(key)).rejects.toMatchObject(refused);
      await expect(store.stat(key)).rejects.toMatchObject(refused);
      await expect(store.localPath(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      await expect(store.deleteMany([key])).rejects.toMatchObject(refused);
      await expect(store.copy(key, 'suite/a')).rejects.toMatchObject(refused);
      await expect(store.copy('suite/a', key)).rejects.toMatchObject(refused);
      await expect(store.signUrl(key, { expiresInMs: 1000 })).rejects.toMatchObject(refused);
    });

    it.each(['..', '../', '/', 'a//', 'a/.', '.scratch/'])('refuses the prefix %j', async (prefix) => {
      await expect(keys(prefix)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
      await expect(store.deleteAll(prefix)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
    });

    it.each(['', 'suite'])('refuses an incomplete folder name: %j', async (prefix) => {
      await expect(store.deleteAll(prefix)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
    });
  });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

/** The same bytes each time, no two near places alike. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9 ^ size;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}
