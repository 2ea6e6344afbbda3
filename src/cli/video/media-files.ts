import { randomUUID } from 'node:crypto';
import { createWriteStream, openAsBlob } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { PipelineError } from '../../errors.ts';

/** A file as a submission takes it: read from the disk while it is sent. */
export async function openMedia(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${path} cannot be read. Give the path of a file that exists.`, {
      cause,
    });
  }
}

/** Writes what is downloaded; a file half written is never at `path`. */
export async function saveFile(answer: Response, path: string, signal: AbortSignal): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
    await pipeline(body, createWriteStream(partial), { signal });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
