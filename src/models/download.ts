import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull, PipelineError } from '../errors.ts';

export interface DownloadOptions {
  url: string;
  /** What is there already is gone on with. */
  path: string;
  /** Where it is known; another size is refused before the bytes come. */
  bytes?: number | undefined;
  onProgress?(bytes: number, total: number | undefined): void;
  signal: AbortSignal;
  /** Default: 30 s without a byte. */
  stallMs?: number;
  /** Before the first new attempt, then twice as long each time. Default: 1 s. */
  retryMs?: number;
}

/** Attempts in a row that bring nothing new. */
const ATTEMPTS = 5;

/**
 * Downloads into the file, going on after cut connections by range requests, as long as the server still has the same
 * version (`If-Range`). Rejects with MODEL_DOWNLOAD_FAILED where it does not get on, with MODEL_INVALID where the server
 * has another size, with STORAGE_FULL for want of room, with the signal's reason. The partial file stays for the next time,
 * except that of another size.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { path, signal, retryMs = 1000 } = options;
  for (let failures = 0; ; ) {
    const before = await sizeOf(path);
    try {
      await attempt(options, before);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isDiskFull(error)) {
        throw new PipelineError(
          'STORAGE_FULL',
          `Expected room for ${path}, but the disk or the quota is full`,
          {
            cause: error,
          },
        );
      }
      failures = (await sizeOf(path)) > before ? 1 : failures + 1;
      if (error instanceof PipelineError || failures >= ATTEMPTS) {
        throw error instanceof PipelineError ? error : failed(options, (error as Error).message, error);
      }
      await sleep(retryMs * 2 ** (failures - 1), undefined, { signal });
    }
  }
}

async function attempt(
  { url, path, bytes, onProgress, signal, stallMs = 30_000 }: DownloadOptions,
  have: number,
) {
  if (bytes !== undefined && have === bytes) {
    return;
  }
  const versionPath = `${path}.version`;
  const version = await readFile(versionPath, 'utf8').catch(() => undefined);
  const goOn = have > 0 && version !== undefined;
  const stall = new AbortController();
  const watch = setTimeout(() => stall.abort(new Error(`no byte came in ${stallMs / 1000} s`)), stallMs);
  try {
    const answer = await fetch(url, {
      headers: goOn ? { Range: `bytes=${have}-`, 'If-Range': version } : {},
      signal: AbortSignal.any([signal, stall.signal]),
    });
    const resumed = goOn && answer.status === 206;
    if (answer.status === 416) {
      await rm(path, { force: true });
      throw new Error('the server has fewer bytes than are here');
    }
    if (!answer.ok || !answer.body) {
      throw answer.status >= 500
        ? new Error(`status ${answer.status}`)
        : failed({ url, path }, `status ${answer.status}`);
    }
    const start = resumed ? have : 0;
    const length = answer.headers.get('content-length');
    const total = length === null ? undefined : start + Number(length);
    if (bytes !== undefined && total !== undefined && total !== bytes) {
      await answer.body.cancel();
      await rm(path, { force: true });
      throw new PipelineError(
        'MODEL_INVALID',
        `Expected ${bytes} bytes at ${hideQuery(url)}, but the server has ${total}: it is another file`,
      );
    }
    // A weak validator must not be used with ranges (RFC 9110, 13.1.5).
    const validator = answer.headers.get('etag');
    await (validator && !validator.startsWith('W/')
      ? writeFile(versionPath, validator)
      : rm(versionPath, { force: true }));

    let done = start;
    const count = new Transform({
      transform(chunk: Buffer, _, next) {
        watch.refresh();
        done += chunk.length;
        onProgress?.(done, total ?? bytes);
        next(null, chunk);
      },
    });
    await pipeline(
      Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream),
      count,
      createWriteStream(path, { flags: resumed ? 'a' : 'w' }),
      { signal: AbortSignal.any([signal, stall.signal]) },
    );
    if (total !== undefined && done < total) {
      throw new Error(`the connection was cut after ${done} of ${total} bytes`);
    }
    await rm(versionPath, { force: true });
  } finally {
    clearTimeout(watch);
  }
}

function failed({ url }: { url: string; path: string }, reason: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'MODEL_DOWNLOAD_FAILED',
    `${hideQuery(url)} could not be downloaded: ${reason}. Try again, or take it from elsewhere with --mirror or --from`,
    { cause },
  );
}

/** Queries may hold signatures. */
function hideQuery(url: string): string {
  return url.replace(/\?.*/, '');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
