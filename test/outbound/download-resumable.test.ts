import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/errors.ts';
import {
  downloadResumable,
  type Refusal,
  type ResumableDownload,
} from '../../src/outbound/download-resumable.ts';
import { type FileServer, startFileServer } from '../harness/file-server.ts';

const content = randomBytes(300_000);
const checksum = createHash('sha256').update(content).digest('base64');

let server: FileServer;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
  path = join(folder, 'file');
  server = await startFileServer(content, path);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const download = (options: Partial<ResumableDownload> = {}) =>
  downloadResumable({
    url: `${server.url}/file`,
    path,
    signal: new AbortController().signal,
    toError: (reason, cause) => new PipelineError('PROVIDER_UNAVAILABLE', `Failed: ${reason}`, { cause }),
    retryDelayMs: 1,
    ...options,
  });

async function expectWhole() {
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(await readdir(folder)).toEqual(['file']);
}

describe('a resumable download', () => {
  it('resumes after each cut, and reports every byte once', async () => {
    server.faults.push({ cutAfter: 100_000 }, { cutAfter: 50_000 }, { status: 503 });
    const seen: number[] = [];
    await download({ onProgress: (bytes) => seen.push(bytes) });
    expect(server.ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=150000-']);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(content.length);
    await expectWhole();
  });

  it('ignores bytes of unknown origin', async () => {
    await writeFile(path, 'bytes of another file');
    await download();
    expect(server.ranges).toEqual([undefined]);
    await expectWhole();
  });

  it('accepts that the cut came after the last byte', async () => {
    await writeFile(path, content);
    await writeFile(`${path}.etag`, server.etag());
    await download();
    expect(server.ranges).toEqual([`bytes=${content.length}-`]);
    await expectWhole();
  });

  it('starts over if the partial file is longer than the file of the server', async () => {
    await writeFile(path, Buffer.concat([content, content]));
    await writeFile(`${path}.etag`, server.etag());
    await download();
    expect(server.ranges).toEqual([`bytes=${2 * content.length}-`, undefined]);
    await expectWhole();
  });

  it('calls a function for the URL before each attempt, and retries 4xx then', async () => {
    server.faults.push({ status: 403 }, { cutAfter: 1000 });
    let calls = 0;
    await download({
      async url() {
        calls += 1;
        return `${server.url}/signed?${calls}`;
      },
    });
    expect(calls).toBe(3);
    await expectWhole();
  });

  it('fails at once if the function for the URL throws an error that is not retryable', async () => {
    const refused = new PipelineError('PROVIDER_REFUSED', 'No');
    let calls = 0;
    const url = async () => {
      calls += 1;
      throw refused;
    };
    await expect(download({ url })).rejects.toBe(refused);
    expect(calls).toBe(1);
  });

  it('fails at once on 4xx of a fixed URL, and on a wrong size', async () => {
    server.faults.push({ status: 404 });
    await expect(download()).rejects.toMatchObject({ message: 'Failed: status 404' });
    await expect(download({ bytes: 7 })).rejects.toThrow(
      'Failed: expected 7 bytes, but the server has 300000',
    );
    expect(server.ranges).toHaveLength(2);
    expect(await readdir(folder)).toEqual([]);
  });

  it("reports code and message of S3's error document", async () => {
    server.faults.push({
      status: 403,
      body: '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
    });
    const refusals: Refusal[] = [];
    await expect(download({ onRefused: (refusal) => refusals.push(refusal) })).rejects.toMatchObject({
      message: 'Failed: status 403 AccessDenied: Request has expired',
    });
    expect(refusals).toEqual([{ status: 403, code: 'AccessDenied', message: 'Request has expired' }]);
  });

  it('reads little of an error page that never ends', async () => {
    server.faults.push({ status: 403, body: Buffer.alloc(50_000_000, 'x') });
    await expect(download()).rejects.toMatchObject({ message: 'Failed: status 403' });
  });

  it('downloads again if the bytes do not match the checksum of the server', async () => {
    server.headers = { 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') };
    await expect(download()).rejects.toThrow('do not match their checksum');
    expect(server.ranges).toHaveLength(5);
    expect(await readdir(folder)).not.toContain('file');
    server.headers = { 'x-amz-checksum-sha256': checksum };
    await download();
    await expectWhole();
  });

  it('does not follow redirects if they are disabled', async () => {
    server.headers = { location: '/elsewhere' };
    server.faults.push({ status: 302 });
    await download();
    await expectWhole();
    server.faults.push({ status: 302 });
    await rm(path);
    await expect(download({ followRedirects: false })).rejects.toThrow('status 302');
  });

  it('reports an unreachable server, a silent one, and the reason of its signal', async () => {
    await expect(download({ url: 'http://127.0.0.1:9/' })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
    server.faults.push(...Array<'silence'>(9).fill('silence'));
    await expect(download({ stallMs: 20 })).rejects.toThrow('no data for 0.02 s');
    await expect(download({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('passes on errors of the file system at once', async () => {
    await expect(download({ path: join(folder, 'missing', 'file') })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(server.ranges).toHaveLength(1);
  });
});
