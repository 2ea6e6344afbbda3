import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, fetch, type Response } from 'undici';
import { ignoreMissing, isDiskFull, PipelineError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { isLoopback } from './networks.ts';

export interface ResumableDownload {
  /**
   * A function is called before each attempt, for signed URLs that expire. Then a 4xx status is retried as well; with a
   * fixed URL it fails at once. Retryable errors of the function are retried.
   */
  url: string | (() => Promise<string>);
  /** Keeps the bytes that an earlier attempt left here. Their ETag is stored beside them, as `<path>.etag`. */
  path: string;
  /** Expected size, if known. A different size is rejected before the body is read. */
  bytes?: number | undefined;
  onProgress?(bytes: number, total: number | undefined): void;
  signal: AbortSignal;
  /** Makes the error that the caller throws. @param reason "the connection was cut after 5 of 9 bytes" */
  toError(reason: string, cause?: unknown): PipelineError;
  /** Called when the server answers with a status other than 2xx. */
  onRefused?(refusal: Refusal): void;
  /** Makes the error for a wrong size. Default: `toError`. */
  toSizeError?(receivedBytes: number): PipelineError;
  /** Default: undici's global one. */
  dispatcher?: Dispatcher;
  /** Default: true. */
  followRedirects?: boolean;
  /** Refuses redirects to plain http, except on this machine. Default: false. */
  requireHttps?: boolean;
  /** Time without data after which an attempt fails. Default: 30 s. */
  stallMs?: number;
  /** Delay before the first retry, doubled for each further one. Default: 1 s. */
  retryDelayMs?: number;
}

export interface Refusal {
  status: number;
  /** Code and message of S3's error document, if it was one: "AccessDenied", "Request has expired". */
  code?: string;
  message?: string;
}

/** Attempts in a row that receive nothing new. */
const MAX_ATTEMPTS = 5;

/**
 * Downloads to a file. After a cut connection it resumes with a range request, provided that the server still has the
 * same version (`If-Range`). If the server sends S3's `x-amz-checksum-sha256`, the file must match it, else the download
 * starts over. After a failure the partial file stays for the next call, unless its size is wrong.
 * @throws PipelineError from `toError` and `toSizeError`; STORAGE_FULL; the signal's reason
 */
export async function downloadResumable(download: ResumableDownload): Promise<void> {
  const { path, signal, toError, retryDelayMs = 1000 } = download;
  for (let failures = 0; ; ) {
    const before = await sizeOf(path);
    try {
      await attempt(download, before);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isDiskFull(error)) {
        throw new PipelineError('STORAGE_FULL', `The disk is full or over quota: cannot write ${path}`, {
          cause: error,
        });
      }
      if ((error as NodeJS.ErrnoException).syscall !== undefined) {
        throw error; // From the file system: errors of the network are TypeErrors of fetch().
      }
      failures = (await sizeOf(path)) > before ? 1 : failures + 1;
      const mayRetry = error instanceof PipelineError ? error.retryable : !(error instanceof Refused);
      if (!mayRetry || failures >= MAX_ATTEMPTS) {
        throw error instanceof PipelineError ? error : toError((error as Error).message, error);
      }
      await sleep(retryDelayMs * 2 ** (failures - 1), undefined, { signal });
    }
  }
}

/** An answer that further attempts would not change. */
class Refused extends Error {}

async function attempt(download: ResumableDownload, have: number): Promise<void> {
  const { path, bytes, signal, stallMs = 30_000 } = download;
  if (bytes !== undefined && have === bytes) {
    return;
  }
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error(`no data for ${stallMs / 1000} s`)), stallMs);
  const anySignal = AbortSignal.any([signal, stall.signal]);
  try {
    const response = await request(download, have, anySignal);
    if (response.status === 416) {
      await assertComplete(path, have, response);
    } else {
      const { start, total } = await accept(download, have, response);
      await save(download, response, { start, total, signal: anySignal, onData: () => timer.refresh() });
    }
    await assertChecksum(path, response);
    await rm(etagPathOf(path), { force: true });
  } catch (error) {
    // The pipeline reports only that it was aborted.
    throw stall.signal.aborted ? stall.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

async function request(download: ResumableDownload, have: number, signal: AbortSignal): Promise<Response> {
  const { url, path, dispatcher, followRedirects = true, requireHttps = false } = download;
  const etag = have > 0 ? await ignoreMissing(readFile(etagPathOf(path), 'utf8')) : undefined;
  const response = await fetch(typeof url === 'string' ? url : await url(), {
    headers: {
      'accept-encoding': 'identity',
      ...(etag !== undefined && { range: `bytes=${have}-`, 'if-range': etag }),
    },
    redirect: followRedirects ? 'follow' : 'manual',
    signal,
    ...(dispatcher && { dispatcher }),
  });
  if (requireHttps && !isPrivateConnection(response.url)) {
    await response.body?.cancel();
    throw new Refused(`it was redirected to ${new URL(response.url).origin}, which is not https`);
  }
  return response;
}

/** Whether its answers are safe from eavesdropping and changes on the way: https, or a server of this machine. */
export function isPrivateConnection(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** Status 416: the server has nothing after the bytes that we have. */
async function assertComplete(path: string, have: number, { headers, body }: Response): Promise<void> {
  await body?.cancel();
  if (headers.get('content-range') !== `bytes */${have}`) {
    await rm(path, { force: true });
    throw new Error('the server has fewer bytes than the partial file');
  }
}

/** Checks status and size before the body is read. Returns where the body begins and how long the file will be. */
async function accept(
  { url, path, bytes, toSizeError, onRefused }: ResumableDownload,
  have: number,
  response: Response,
): Promise<{ start: number; total: number | undefined }> {
  const { status, headers, body } = response;
  if ((status !== 200 && status !== 206) || !body) {
    const refusal = await readRefusal(response);
    onRefused?.(refusal);
    const ErrorClass = status < 500 && typeof url === 'string' ? Refused : Error;
    const { code, message } = refusal;
    throw new ErrorClass(`status ${status}${code ? ` ${code}` : ''}${message ? `: ${message}` : ''}`);
  }
  const start = status === 206 ? have : 0;
  const length = headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  if (bytes !== undefined && total !== undefined && total !== bytes) {
    await body.cancel();
    await rm(path, { force: true });
    throw toSizeError?.(total) ?? new Refused(`expected ${bytes} bytes, but the server has ${total}`);
  }
  return { start, total };
}

/** Error documents are smaller. */
const MAX_REFUSAL_BYTES = 16 * 1024;

/** Reads S3's error document, if the body is one. */
async function readRefusal({ status, body }: Response): Promise<Refusal> {
  let text = '';
  try {
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.length > MAX_REFUSAL_BYTES) {
        break;
      }
    }
  } catch {
    // The status says enough.
  }
  const find = (name: string) => new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1];
  const [code, message] = [find('Code'), find('Message')];
  return { status, ...(code && { code }), ...(message && { message }) };
}

async function save(
  { path, bytes, onProgress }: ResumableDownload,
  { status, headers, body }: Response,
  to: { start: number; total: number | undefined; signal: AbortSignal; onData(): void },
): Promise<void> {
  const { start, total, signal, onData } = to;
  // A weak validator must not be used with ranges (RFC 9110, 13.1.5).
  const etag = headers.get('etag');
  await (etag && !etag.startsWith('W/')
    ? writeFile(etagPathOf(path), etag)
    : rm(etagPathOf(path), { force: true }));

  let done = start;
  const count = new Transform({
    transform(chunk: Buffer, _, next) {
      onData();
      done += chunk.length;
      onProgress?.(done, total ?? bytes);
      next(null, chunk);
    },
  });
  const target = createWriteStream(path, { flags: status === 206 ? 'a' : 'w' });
  await pipeline(Readable.fromWeb(body!), count, target, { signal });
  if (total !== undefined && done < total) {
    throw new Error(`the connection was cut after ${done} of ${total} bytes`);
  }
}

function etagPathOf(path: string): string {
  return `${path}.etag`;
}

async function assertChecksum(path: string, { headers }: Response): Promise<void> {
  const expected = headers.get('x-amz-checksum-sha256');
  if (expected === null) {
    return;
  }
  const { sha256 } = await hashFile(path);
  if (Buffer.from(sha256, 'hex').toString('base64') !== expected) {
    await rm(path, { force: true });
    throw new Error('the bytes do not match their checksum');
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
