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

/** A part of the file, and what must be the same of the next one. */
interface Part {
  /** Of the whole file, where the server says it. */
  totalBytes: number | undefined;
  etag: string | undefined;
  sha256: string | undefined;
}

/** Streams to a file; after a break it goes on where the file ends, as long as the far side still has the same object. */
export function createDownload({ dispatcher, allowsHttp }: DownloadOptions): Download {
  return async (findUrl, path, signal) => {
    let part: Part | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const url = await findUrl();
        if (!url.startsWith('https:') && !allowsHttp) {
          throw new PipelineError(
            'PROVIDER_RESPONSE_INVALID',
            'Expected an https URL of the video from D-ID',
          );
        }
        const doneBytes = part?.etag ? await sizeOf(path) : 0;
        part = await fetchRest(url, path, { doneBytes, etag: part?.etag, signal });
        await verify(path, part);
        return;
      } catch (error) {
        signal.throwIfAborted();
        const isWorthIt = error instanceof PipelineError && error.code === 'PROVIDER_UNAVAILABLE';
        if (!isWorthIt || attempt === ATTEMPTS) {
          throw error;
        }
        part = error.details?.etag
          ? { totalBytes: undefined, etag: String(error.details.etag), sha256: undefined }
          : undefined;
        await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  };

  async function fetchRest(
    url: string,
    path: string,
    { doneBytes, etag, signal }: { doneBytes: number; etag: string | undefined; signal: AbortSignal },
  ): Promise<Part> {
    const resumes = doneBytes > 0 && etag !== undefined;
    let answer: Dispatcher.ResponseData;
    try {
      answer = await request(url, {
        dispatcher,
        signal,
        ...(resumes && { headers: { range: `bytes=${doneBytes}-`, 'if-range': etag } }),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw toConnectionError('the download', error);
    }
    const { statusCode, headers, body } = answer;
    const part: Part = {
      totalBytes: parseTotal(statusCode, headers),
      etag: headers.etag === undefined ? undefined : String(headers.etag),
      sha256:
        headers['x-amz-checksum-sha256'] === undefined ? undefined : String(headers['x-amz-checksum-sha256']),
    };
    if (statusCode === 416 && resumes) {
      // The break came after the last byte.
      await body.dump();
      return { ...part, totalBytes: doneBytes };
    }
    if (statusCode !== 200 && statusCode !== 206) {
      await body.dump();
      throw unfinished(`was answered with ${statusCode}`, etag);
    }
    try {
      await pipeline(body, createWriteStream(path, { flags: statusCode === 206 ? 'a' : 'w' }), { signal });
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).syscall) {
        throw error;
      }
      throw unfinished('broke off', part.etag, error);
    }
    return part;
  }
}

function parseTotal(
  status: number,
  headers: Record<string, string | string[] | undefined>,
): number | undefined {
  const text = status === 206 ? String(headers['content-range']).split('/')[1] : headers['content-length'];
  return text !== undefined && /^\d+$/.test(String(text)) ? Number(text) : undefined;
}

async function verify(path: string, { totalBytes, sha256, etag }: Part): Promise<void> {
  const bytes = await sizeOf(path);
  if (totalBytes !== undefined && bytes < totalBytes) {
    throw unfinished(`ended after ${bytes} of ${totalBytes} bytes`, etag);
  }
  if (sha256 !== undefined) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (hash.digest('base64') !== sha256) {
      throw unfinished('brought other bytes than their checksum says', undefined);
    }
  }
}

/** With the tag of what is there the next attempt goes on, without it it begins anew. */
function unfinished(how: string, etag: string | undefined, cause?: unknown): PipelineError {
  return new PipelineError('PROVIDER_UNAVAILABLE', `The download of the video from D-ID ${how}`, {
    cause,
    ...(etag !== undefined && { details: { etag } }),
  });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
