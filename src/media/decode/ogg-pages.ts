import { open } from 'node:fs/promises';

/** The largest page there can be: a header of 27 bytes, 255 lengths, and as many segments of 255 bytes. */
const MAX_PAGE_BYTES = 27 + 255 + 255 * 255;

/**
 * Where the last whole page of an Ogg file ends: before the end of the file where that was cut off. Undefined for files
 * of another kind. RFC 3533, section 6.
 */
export async function findOggEnd(path: string): Promise<number | undefined> {
  await using file = await open(path);
  const { size } = await file.stat();
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  if (head.toString('latin1') !== 'OggS') {
    return undefined;
  }
  const tailAt = Math.max(0, size - MAX_PAGE_BYTES);
  const tail = Buffer.alloc(size - tailAt);
  await file.read(tail, 0, tail.length, tailAt);
  const page = tail.lastIndexOf('OggS');
  const isWhole = page < 0 || page + toPageBytes(tail.subarray(page)) <= tail.length;
  return isWhole ? size : tailAt + page;
}

/** Infinite where even the header is cut off. */
function toPageBytes(page: Buffer): number {
  const segments = page[26] ?? Number.POSITIVE_INFINITY;
  const lengths = page.subarray(27, 27 + segments);
  return lengths.length < segments
    ? Number.POSITIVE_INFINITY
    : 27 + segments + lengths.reduce((sum, length) => sum + length, 0);
}
