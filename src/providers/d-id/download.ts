import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { PipelineError } from '../../errors.ts';
import { toConnectionError } from './d-id-error.ts';

export interface DownloadOptions {
  dispatcher: Dispatcher;
  /** Whether results may come over plain HTTP: where the API itself does, as the emulator's. */
  allowsHttp: boolean;
}

/** Writes what `findUrl` points to; asks for the URL again where the old one has expired. */
export type Download = (findUrl: () => Promise<string>, path: string, signal: AbortSignal) => Promise<void>;

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;

/** Streams to a file; after a break it goes on where the file ends, as long as the far side still has the same object. */
export function createDownload({ dispatcher, allowsHttp }: DownloadOptions): Download {
  return async (findUrl, path, signal) => {
    /** Tag of the object whose first bytes are in the file. */
    let etag: string | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const doneBytes = etag === undefined ? 0 : await sizeOf(path);
        const answer = await get(await findUrl(), doneBytes, etag, signal);
        etag = answer.headers.etag?.toString();
        await save(answer, path, signal);
        if (!(await isAsChecksum(path, answer.headers['x-amz-checksum-sha256']))) {
          etag = undefined;
          throw unfinished('brought other bytes than their checksum says');
        }
        return;
      } catch (error) {
        signal.throwIfAborted();
        const mayPass = error instanceof PipelineError && error.code === 'PROVIDER_UNAVAILABLE';
        if (!mayPass || attempt === ATTEMPTS) {
          throw error;
        }
        await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  };

  async function get(url: string, doneBytes: number, etag: string | undefined, signal: AbortSignal) {
    if (!url.startsWith('https:') && !allowsHttp) {
      throw new PipelineError('PROVIDER_RESPONSE_INVALID', 'Expected an https URL of the video from D-ID');
    }
    const headers = doneBytes > 0 && etag ? { range: `bytes=${doneBytes}-`, 'if-range': etag } : {};
    try {
      return await request(url, { dispatcher, signal, headers });
    } catch (error) {
      signal.throwIfAborted();
      throw toConnectionError('the download', error);
    }
  }
}

async function save(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  path: string,
  signal: AbortSignal,
) {
  if (statusCode === 416) {
    // The break came after the last byte.
    await body.dump();
    return;
  }
  if (statusCode !== 200 && statusCode !== 206) {
    await body.dump();
    throw unfinished(`was answered with ${statusCode}`);
  }
  const isRest = statusCode === 206;
  try {
    await pipeline(body, createWriteStream(path, { flags: isRest ? 'a' : 'w' }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    // A disk that is full is no break of the connection.
    throw (error as NodeJS.ErrnoException).syscall === 'write' ? error : unfinished('broke off', error);
  }
  const totalBytes = Number(
    isRest ? headers['content-range']?.toString().split('/')[1] : headers['content-length'],
  );
  const bytes = await sizeOf(path);
  if (totalBytes > bytes) {
    throw unfinished(`ended after ${bytes} of ${totalBytes} bytes`);
  }
}

/** Also where the server sends none. */
async function isAsChecksum(path: string, sha256: string | string[] | undefined): Promise<boolean> {
  if (sha256 === undefined) {
    return true;
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('base64') === sha256.toString();
}

function unfinished(how: string, cause?: unknown): PipelineError {
  return new PipelineError('PROVIDER_UNAVAILABLE', `The download of the video from D-ID ${how}`, { cause });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
