import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContentCache } from '../../src/storage/content-cache.ts';
import { retain } from '../../src/storage/retention/retention.ts';
import { createLocalCopies } from '../../src/storage/s3/local-copies.ts';
import { openS3, type S3Encryption, type S3Settings } from '../../src/storage/s3/s3-access.ts';
import { createS3Store } from '../../src/storage/s3/s3-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { needs } from '../harness/needs.ts';
import { type S3Server, startS3Server } from '../harness/s3-server.ts';
import { RETENTION_RULES } from '../harness/storage/retention-rules.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';
import { objectStoreSuite } from '../suites/object-store.ts';
import { startFlakyProxy } from './s3-store/flaky-proxy.ts';

const BYTES = Buffer.from('Lorem ipsum dolor sit amet');
const HOUR_MS = 3_600_000;

/** Gives this answer to every request. */
async function startGateway(status: number, page: string) {
  const gateway = createServer((incoming, answer) => {
    incoming.resume();
    answer.writeHead(status, { 'content-type': 'text/html' }).end(page);
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  return {
    url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      gateway.closeAllConnections();
      gateway.close();
      await once(gateway, 'close');
    },
  };
}

needs('Go').describe('objects in S3', () => {
  const resources = new AsyncDisposableStack();
  let server: S3Server;
  let base: string;
  beforeAll(async () => {
    server = resources.use(await startS3Server());
    base = await mkdtemp(join(tmpdir(), 'limelight-s3-local-'));
    resources.defer(() => rm(base, { recursive: true, force: true }));
  });
  afterAll(() => resources.disposeAsync());

  let folders = 0;
  /** A store on a separate machine. */
  const createStore = (settings: Partial<S3Settings> = {}, maxLocalBytes = 100_000_000) => {
    const folder = join(base, String(folders++));
    return {
      store: createS3Store({ ...server.settings, ...settings, folder, maxLocalBytes }),
      copies: join(folder, 'copies'),
      scratch: join(folder, '.scratch'),
    };
  };
  const fileOf = (key: string) => join(server.folder, server.settings.bucket, key);

  let suite: ReturnType<typeof createStore>;
  objectStoreSuite(
    'S3',
    (guard) => {
      suite = createStore({ guard });
      return suite.store;
    },
    { signsUrls: true },
  );

  it('leave nothing in the scratch area after all of these tests', async () => {
    expect(await readdir(suite.scratch)).toEqual([]);
  });

  it('are uploaded in parts if they are large, completely or not at all', async () => {
    const { store } = createStore();
    const bytes = Buffer.alloc(40_000_000, 'large');

    await store.put('parts/a', Readable.from([bytes.subarray(0, 30_000_000), bytes.subarray(30_000_000)]));

    expect((await store.read('parts/a')).equals(bytes)).toBe(true);
    await expect(store.put('parts/a', Buffer.alloc(20_000_000), { ifAbsent: true })).rejects.toMatchObject({
      code: 'OBJECT_EXISTS',
    });
    expect((await store.stat('parts/a'))?.bytes).toBe(bytes.length);
  });

  it('are swept of incomplete uploads', async () => {
    const { store } = createStore();
    using access = openS3(server.settings);
    await access.client.send(new CreateMultipartUploadCommand({ Bucket: access.bucket, Key: 'parts/half' }));

    expect(await store.sweep({ olderThanMs: 60_000 })).toEqual([]);
    expect(await store.sweep({ olderThanMs: -2000 })).toEqual([expect.stringContaining('parts/half')]);
    expect(await store.sweep({ olderThanMs: -2000 })).toEqual([]);
  });

  it('are reported as damaged if one byte is flipped', async () => {
    const { store } = createStore();
    for (let index = 0; index < 20; index++) {
      const key = `damaged/${index}`;
      await store.put(key, Buffer.alloc(1000 + index, 'x'));
      const bytes = await readFile(fileOf(key));
      bytes[(index * 47) % bytes.length]! ^= 1;
      await writeFile(fileOf(key), bytes);

      await expect(store.read(key)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
      await expect(store.localPath(key)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    }
  });

  it('are written again if S3 was busy or its response was lost, with `ifAbsent` too', async () => {
    await using proxy = await startFlakyProxy(server.settings.endpoint!);
    const { store } = createStore({ endpoint: proxy.url });

    proxy.fates.push('refuse', 'refuse');
    await store.put('flaky/a', BYTES);
    proxy.fates.push('lose');
    await store.put('flaky/b', BYTES, { ifAbsent: true });
    proxy.fates.push('refuse');

    expect(await store.read('flaky/b')).toEqual(BYTES);
    await expect(store.put('flaky/b', BYTES, { ifAbsent: true })).rejects.toMatchObject({
      code: 'OBJECT_EXISTS',
    });
  });

  it.each<[S3Encryption, Record<string, string>]>([
    [{ algorithm: 'AES256' }, { 'x-amz-server-side-encryption': 'AES256' }],
    [{ algorithm: 'aws:kms' }, { 'x-amz-server-side-encryption': 'aws:kms' }],
    [
      { algorithm: 'aws:kms', keyId: 'arn:aws:kms:eu-central-1:1:key/photos' },
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-central-1:1:key/photos',
      },
    ],
  ])('are created with %j, whole, in parts and as copies', async (encryption, expected) => {
    await using proxy = await startFlakyProxy(server.settings.endpoint!);
    const { store } = createStore({ endpoint: proxy.url, encryption });
    const large = Buffer.alloc(40_000_000, 'large');

    await store.put('sse/a', BYTES);
    await store.put('sse/large', Readable.from([large]));
    await store.copy('sse/a', 'sse/copy');

    expect(await store.read('sse/copy')).toEqual(BYTES);
    expect((await store.read('sse/large')).equals(large)).toBe(true);
    const creating = proxy.requests.filter(
      ({ method, url }) => (method === 'PUT' && !url?.includes('partNumber')) || url?.includes('uploads'),
    );
    expect(creating.map(({ method }) => method)).toEqual(['PUT', 'POST', 'PUT']);
    for (const { url, headers } of creating) {
      const names = Object.keys(headers).filter((name) => name.startsWith('x-amz-server-side-encryption'));
      expect(Object.fromEntries(names.map((name) => [name, headers[name]])), url).toEqual(expected);
    }
  });

  it.each([
    [501, 'NotImplemented', 'Server side encryption specified but KMS is not configured'],
    [400, 'KMS.NotFoundException', 'Key photos does not exist'],
  ])('wait for the operator if the server cannot encrypt them (%i %s)', async (status, code, reason) => {
    await using gateway = await startGateway(
      status,
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${reason}</Message></Error>`,
    );
    const { store } = createStore({ endpoint: gateway.url, encryption: { algorithm: 'aws:kms' } });

    await expect(store.put('sse/a', BYTES)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`${reason}.*STORAGE_S3_KMS_KEY_ID`)),
    });
  });

  it('are created as the bucket is set to if no encryption is configured', async () => {
    await using proxy = await startFlakyProxy(server.settings.endpoint!);
    await createStore({ endpoint: proxy.url }).store.put('sse/none', BYTES);

    expect(Object.keys(proxy.requests[0]!.headers).join()).not.toContain('server-side-encryption');
  });

  it('name the reason if there is no server, no bucket, or no permission', async () => {
    const away = createStore({ endpoint: 'http://127.0.0.1:1' }).store;
    await expect(away.read('a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    const other = createStore({ bucket: 'no-such-bucket' }).store;
    const calls: Array<() => Promise<unknown>> = [
      () => other.put('a', BYTES),
      () => other.read('a'),
      () => other.stat('a'),
      () => other.localPath('a'),
      () => other.copy('a', 'b'),
      () => other.delete('a'),
      () => other.deleteAll('a/'),
      () => Array.fromAsync(other.list('')),
    ];
    for (const call of calls) {
      await expect(call(), String(call)).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining('STORAGE_S3_BUCKET'),
      });
    }
    const stranger = createStore({ credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' } }).store;
    await expect(stranger.put('a', BYTES)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('STORAGE_S3_SECRET_ACCESS_KEY'),
    });
  });

  describe.each(['cut', 'unanswered', 'silent'] as const)('behind a link that is %s', (link) => {
    it('are unavailable in time, whatever the call, and there again afterwards', async () => {
      await using proxy = await startTcpProxy({ port: Number(new URL(server.settings.endpoint!).port) });
      const endpoint = `http://127.0.0.1:${proxy.port}`;
      const { store } = createStore({ endpoint, idleTimeoutMs: 300 });
      await store.put('net/a', BYTES);
      const large = Buffer.alloc(20_000_000, 1);
      const calls: Array<() => Promise<unknown>> = [
        () => store.put('net/b', BYTES),
        () => store.put('net/large', large),
        () => store.read('net/a'),
        () => store.open('net/a'),
        () => store.stat('net/a'),
        () => store.localPath('net/a'),
        () => store.copy('net/a', 'net/c'),
        () => store.delete('net/a-2'),
        () => store.deleteAll('net/none/'),
        () => Array.fromAsync(store.list('net/')),
      ];
      proxy.set(link);

      const outcomes = await Promise.allSettled(calls.map((call) => call()));

      for (const [index, outcome] of outcomes.entries()) {
        expect(outcome, String(calls[index])).toMatchObject({
          status: 'rejected',
          reason: { code: 'STORAGE_UNAVAILABLE' },
        });
      }
      proxy.set('open');
      expect(await store.read('net/a')).toEqual(BYTES);
    }, 60_000);
  });

  it('are unavailable if the network is cut in the middle of an object', async () => {
    for (const link of ['cut', 'silent'] as const) {
      await using proxy = await startTcpProxy({ port: Number(new URL(server.settings.endpoint!).port) });
      const endpoint = `http://127.0.0.1:${proxy.port}`;
      const { store } = createStore({ endpoint, idleTimeoutMs: 500 });
      await store.put('net/large', Buffer.alloc(30_000_000, 1));
      proxy.set(5);

      for (const call of [() => store.read('net/large'), () => store.localPath('net/large')]) {
        const outcome = call();
        void outcome.catch(() => undefined);
        await sleep(200);
        proxy.set(link);
        await expect(outcome, link).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
        proxy.set(5);
      }
    }
  }, 60_000);

  it('are unavailable behind a gateway that answers with a page of its own', async () => {
    await using gateway = await startGateway(
      502,
      '<html><body><center>502 Bad Gateway</center><hr></body></html>',
    );
    const { store } = createStore({ endpoint: gateway.url });

    for (const call of [() => store.read('a'), () => store.stat('a'), () => store.put('a', BYTES)]) {
      await expect(call(), String(call)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    }
  });

  it('are deleted by retention, as in a folder', async () => {
    const { store } = createStore();
    const { keys } = await storeTask(store, 'retained');
    const records = createTaskRecords({ store });

    const report = await retain({
      store,
      records,
      isRunning: async () => false,
      rules: RETENTION_RULES,
      dryRun: false,
      now: Date.now() + 8 * 24 * HOUR_MS,
    });

    expect(report.errors).toEqual({ count: 0, examples: [] });
    expect(await store.stat(keys.image)).toBeUndefined();
    expect(await store.stat(keys.mask)).toBeUndefined();
    expect((await records.read('retained'))?.objects.map(({ key }) => key)).toEqual([
      keys.video,
      keys.thumbnail,
    ]);
  });

  it('are cached by their inputs, and evicted if they are damaged', async () => {
    const cache = createContentCache(createStore());
    const other = createStore();
    await other.store.put('made/video', BYTES);
    const facts = { photo: 'a', model: 'b' };

    const entry = await cache.keep('video', facts, { result: 1, files: { video: 'made/video' } });
    const elsewhere = createContentCache({ store: other.store });
    expect(await elsewhere.find('video', { model: 'b', photo: 'a' }, { video: 'task/video' })).toMatchObject({
      result: 1,
      stored: { video: { key: 'task/video', bytes: BYTES.length } },
    });
    expect(await other.store.read('task/video')).toEqual(BYTES);

    await writeFile(fileOf(`${entry}video`), 'Lorem ipsum dolor sit amEt');
    const stranger = createContentCache(createStore());
    expect(await stranger.find('video', facts, { video: 'task/video' })).toBeUndefined();
    expect(await Array.fromAsync(other.store.list(entry))).toEqual([]);
  });

  describe('local copies', () => {
    it('are downloaded once, and again if they are damaged', async () => {
      const writer = createStore();
      const reader = createStore();
      await writer.store.put('copies/a', BYTES);

      const path = await reader.store.localPath('copies/a');
      const { ino } = await stat(path);
      expect(await reader.store.localPath('copies/a')).toBe(path);
      expect((await stat(path)).ino).toBe(ino);

      await writeFile(path, 'Lorem ipsum dolor sit amEt');
      expect(await readFile(await reader.store.localPath('copies/a'))).toEqual(BYTES);
    });

    it('exist on the machine that wrote the object', async () => {
      const { store, copies } = createStore();
      await using scratch = await store.scratch();
      await writeFile(join(scratch.path, 'a'), BYTES);

      const { sha256 } = await store.put('copies/b', { path: join(scratch.path, 'a') });

      expect(await readdir(copies)).toEqual([sha256]);
    });

    it('stay within their maximum size unless they are in use; the least recently used go first', async () => {
      const { store, copies } = createStore({}, 2500);
      const used: string[] = [];
      for (const index of [0, 1, 2, 3]) {
        const { sha256 } = await store.put(`copies/${index}`, Buffer.alloc(1000, index));
        used.push(sha256);
        await store.localPath(`copies/${index}`);
      }
      // All of them are in use.
      expect(await readdir(copies)).toHaveLength(4);
      for (const [index, sha256] of used.entries()) {
        const then = new Date(Date.now() - HOUR_MS + index * 1000);
        await utimes(join(copies, sha256), then, then);
      }
      await store.localPath('copies/0');
      await store.put('copies/new', Readable.from([Buffer.alloc(1000, 9)]));

      const left = await readdir(copies);
      expect(left).toContain(used[0]);
      expect(left).toHaveLength(2);
    });

    it('are deleted an hour after their last use, by another process too, while nothing happens', async () => {
      const { store, copies } = createStore();
      const used = await store.put('copies/used', Readable.from([Buffer.from('used')]));
      const unused = await store.put('copies/unused', Readable.from([Buffer.from('unused')]));
      const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
      await utimes(join(copies, used.sha256), ago(50), ago(50));
      await utimes(join(copies, unused.sha256), ago(61), ago(61));

      using _ = createLocalCopies({ folder: copies, maxBytes: 1e9, sweepIntervalMs: 20 });

      await expect.poll(() => readdir(copies)).toEqual([used.sha256]);
      await utimes(join(copies, used.sha256), ago(61), ago(61));
      await expect.poll(() => readdir(copies)).toEqual([]);
    });
  });
});
