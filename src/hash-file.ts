import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Large enough that reading the next chunk overlaps with hashing the current one. */
const CHUNK_BYTES = 1 << 20;

/**
 * Reads the whole file, by path or by an open handle that stays open.
 * @returns its size and its SHA-256 in lower-case hex
 */
export async function hashFile(
  file: string | FileHandle,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const source =
    typeof file === 'string'
      ? createReadStream(file, { highWaterMark: CHUNK_BYTES })
      : file.createReadStream({ autoClose: false, start: 0, highWaterMark: CHUNK_BYTES });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
