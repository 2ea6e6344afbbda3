import { randomUUID } from 'node:crypto';
import { createWriteStream, openAsBlob } from 'node:fs';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { PipelineError } from '../../errors.ts';

/** @throws PipelineError INPUT_INVALID naming all files that cannot be read. */
export async function assertReadable(paths: string[]): Promise<void> {
  const given = [...new Set(paths)];
  const readable = await Promise.all(given.map(isReadableFile));
  const unreadable = given.filter((_, index) => !readable[index]);
  if (unreadable.length > 0) {
    const next =
      unreadable.length === 1 ? 'Give the path of an existing file.' : 'Give the paths of existing files.';
    throw new PipelineError('INPUT_INVALID', `${unreadable.join(', ')} cannot be read. ${next}`);
  }
}

async function isReadableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    // A pipe, such as <(…) in a shell, has no known size and cannot be sent again.
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Opens a file for a submission. It is read while it is sent. */
export async function openMedia(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${path} cannot be read. Give the path of an existing file.`, {
      cause,
    });
  }
}

/** Saves a download. `path` never holds a partial file. */
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
