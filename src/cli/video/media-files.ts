import { randomUUID } from 'node:crypto';
import { createWriteStream, openAsBlob } from 'node:fs';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { PipelineError } from '../../errors.ts';

/** @throws PipelineError INPUT_INVALID, before anything is started for them, with the names of all that cannot be read. */
export async function assertReadable(paths: string[]): Promise<void> {
  const given = [...new Set(paths)];
  const readable = await Promise.all(given.map(isReadableFile));
  const faulty = given.filter((_, index) => !readable[index]);
  if (faulty.length > 0) {
    const next =
      faulty.length === 1 ? 'Give the path of a file that exists.' : 'Give paths of files that exist.';
    throw new PipelineError('INPUT_INVALID', `${faulty.join(', ')} cannot be read. ${next}`);
  }
}

async function isReadableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    // A pipe, such as a shell makes of <(…), has no size to announce and cannot be sent again.
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

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
