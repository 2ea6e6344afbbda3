import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../../src/models/catalogue.ts';
import { findModel } from '../../src/models/find-model.ts';
import { createModelStore } from '../../src/models/model-store.ts';
import { type PullOptions, pullModel } from '../../src/models/pull-model.ts';
import { type FileServer, startFileServer } from '../harness/file-server.ts';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

let server: FileServer;
let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'model-cache-'));
  server = await startFileServer(content, join(cacheDir, 'downloads/big.onnx.partial'));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(cacheDir, { recursive: true });
});

function entryOf(changes: Partial<CatalogueEntry> = {}): CatalogueEntry {
  return {
    name: 'big',
    task: 'background-removal',
    file: 'big.onnx',
    source: `${server.url}/somewhere/model.onnx?token=secret`,
    page: 'https://example.org',
    license: 'MIT',
    must_accept: false,
    bytes: content.length,
    sha256,
    input: { shape: [1, 3, 1024, 1024] },
    output: { kind: 'logits' },
    ...changes,
  };
}

const pull = (options: Partial<PullOptions> = {}) =>
  pullModel({
    entry: entryOf(),
    store: createModelStore(cacheDir),
    acceptLicense: false,
    signal: new AbortController().signal,
    retryDelayMs: 1,
    ...options,
  });
const filesBut = async (...names: string[]) =>
  (await readdir(cacheDir, { recursive: true })).filter((name) => ![...names, 'downloads'].includes(name));

/** Prints the path only: a diff of 300 kB helps no one. */
async function expectFile(path: string, bytes: Buffer) {
  expect((await readFile(path)).equals(bytes), path).toBe(true);
}

describe('pulling a model', () => {
  it('installs it where the pipeline finds it, with its contract and checksum', async () => {
    const seen: number[] = [];
    await pull({ onProgress: (bytes) => seen.push(bytes) });
    await expectFile(join(cacheDir, 'big.onnx'), content);
    expect(seen.at(-1)).toBe(content.length);
    await expect(findModel('background-removal', ['logits'], { cacheDir })).resolves.toMatchObject({
      path: join(cacheDir, 'big.onnx'),
      contract: { name: 'big', input: { shape: [1, 3, 1024, 1024] } },
    });
    expect(await filesBut('big.onnx', 'manifest.json')).toEqual([]);
  });

  it('resumes after lost connections', async () => {
    server.faults.push({ cutAfter: 100_000 }, { cutAfter: 50_000 }, { status: 503 });
    await pull();
    expect(server.ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=150000-']);
    await expectFile(join(cacheDir, 'big.onnx'), content);
  });

  it('resumes in another process, and starts over if the file has changed', async () => {
    const abort = new AbortController();
    server.faults.push({ cutAfter: 100_000 }, 'silence');
    const stopped = pull({
      signal: abort.signal,
    });
    // The second request asks for the rest, and gets no answer.
    await expect.poll(() => server.ranges).toEqual([undefined, 'bytes=100000-']);
    abort.abort();
    await expect(stopped).rejects.toThrow(/aborted/i);
    server.faults.length = 0;
    await pull();
    expect(server.ranges.at(-1)).toBe('bytes=100000-');
    expect(server.ranges).toHaveLength(3);

    server.faults.push({ cutAfter: 100_000 });
    server.storedIn = join(cacheDir, 'downloads/other.onnx.partial');
    const other = randomBytes(300_000);
    await pull({
      entry: entryOf({
        name: 'other',
        file: 'other.onnx',
        sha256: createHash('sha256').update(other).digest('hex'),
      }),
      onProgress: () => {
        server.content = other;
      },
    });
    await expectFile(join(cacheDir, 'other.onnx'), other);
  });

  it('gives up after repeated failures, and keeps the bytes that were received', async () => {
    server.faults.push({ cutAfter: 1000 }, ...Array<{ status: number }>(9).fill({ status: 500 }));
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD_FAILED',
      message: expect.not.stringContaining('secret'),
    });
    expect(await filesBut('manifest.json')).toContain('downloads/big.onnx.partial');
    server.faults.length = 0;
    await pull();
  });

  it('gives up on a server that stalls', async () => {
    server.faults.push(...Array<'silence'>(9).fill('silence'));
    await expect(pull({ stallMs: 50 })).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD_FAILED',
      message: expect.stringContaining('no data for'),
    });
  });

  it('fails at once if there is no such file', async () => {
    server.faults.push({ status: 404 });
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining('status 404') });
    expect(server.ranges).toHaveLength(1);
  });

  it('discards wrong bytes, and installs nothing', async () => {
    server.content = Buffer.concat([content.subarray(1), Buffer.from('x')]);
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(sha256),
    });
    expect(await filesBut()).toEqual([]);
  });

  it('refuses a wrong size before the bytes come', async () => {
    server.content = content.subarray(0, 1000);
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('but the server has 1000'),
    });
    expect(await filesBut()).toEqual([]);
  });

  it('reports a full disk, before or while it writes', async () => {
    await expect(pull({ entry: entryOf({ bytes: 1e18 }) })).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await mkdir(join(cacheDir, 'downloads'), { recursive: true });
    await symlink('/dev/full', join(cacheDir, 'downloads/big.onnx.partial'));
    await expect(pull()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  });

  it('requires the checksum that the publisher shows if the catalogue has none, before any request', async () => {
    const { bytes: _, sha256: __, ...unknown } = entryOf();
    await expect(pull({ entry: unknown })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/https:\/\/example\.org.*--sha256/),
    });
    await expect(pull({ entry: unknown, sha256: 'abc' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(server.ranges).toEqual([]);

    await expect(pull({ entry: unknown, sha256: sha256.toUpperCase() })).resolves.toMatchObject({
      sha256,
      bytes: content.length,
    });
    // From then on it is known.
    server.content = randomBytes(1000);
    await expect(pull({ entry: unknown })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expectFile(join(cacheDir, 'big.onnx'), content);
  });

  it('never takes another checksum than that of the catalogue', async () => {
    await expect(pull({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(server.ranges).toEqual([]);
  });

  it('refuses plain http from another machine, also after a redirect', async () => {
    const plain = 'http://models.example.org/folder';
    await expect(pull({ mirror: plain })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('https'),
    });
    await expect(pull({ entry: entryOf({ source: `${plain}/big.onnx` }) })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });

    // Another address of this machine, which stands for another machine.
    const { port } = new URL(server.url);
    server.headers = { Location: `http://[::ffff:7f00:1]:${port}/model.onnx` };
    server.faults.push({ status: 302 });
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD_FAILED',
      message: expect.stringContaining('redirected'),
    });
    expect(await filesBut()).toEqual([]);
  });

  it('accepts a mirror or a folder, and verifies the file', async () => {
    const { source: _, ...elsewhere } = entryOf();
    await expect(pull({ entry: elsewhere })).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await pull({ entry: elsewhere, mirror: `${server.url}/mirror/` });
    const from = await mkdtemp(join(tmpdir(), 'models-from-'));
    await expect(pull({ from })).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await writeFile(join(from, 'big.onnx'), 'something else');
    await expect(pull({ from })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await writeFile(join(from, 'big.onnx'), content);
    await pull({ from });
    await expectFile(join(from, 'big.onnx'), content);
    await rm(from, { recursive: true });
  });

  it('requires the acceptance of a restricted licence before any request', async () => {
    const entry = entryOf({ must_accept: true, license: 'AGPL-3.0' });
    await expect(pull({ entry })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/AGPL-3\.0.*--accept-license/),
    });
    expect(server.ranges).toEqual([]);
    await pull({ entry, acceptLicense: true });
  });
});

describe('the store of models', () => {
  it('uses the first pulled model until another one is chosen', async () => {
    const store = createModelStore(cacheDir);
    await pull();
    await pull({ entry: entryOf({ name: 'other', file: 'other.onnx' }) });
    const used = async () => (await findModel('background-removal', ['logits'], { cacheDir })).contract.name;
    expect(await used()).toBe('big');
    await store.use('other');
    expect(await used()).toBe('other');
    await pull({
      entry: entryOf({ name: 'cheap', file: 'cheap.onnx', variant_of: 'other', precision: 'int8' }),
    });
    await expect(store.use('cheap')).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await expect(store.use('absent')).rejects.toMatchObject({
      message: expect.stringContaining('other, big'),
    });
  });

  it('reports files that have changed since they were pulled', async () => {
    const store = createModelStore(cacheDir);
    const entry = await pull();
    await expect(store.verify(entry)).resolves.toBeUndefined();
    await writeFile(join(cacheDir, 'big.onnx'), Buffer.concat([content.subarray(1), Buffer.from('x')]));
    await expect(store.verify(entry)).resolves.toContain('big.onnx differs from what was pulled');
    await rm(join(cacheDir, 'big.onnx'));
    await expect(store.verify(entry)).resolves.toContain('cannot be read');
  });
});
