import { open } from 'node:fs/promises';

const HEADER_BYTES = 16;

/**
 * Whether the index (`moov`) of an MP4 stands before its content (`mdat`): players that load from the network can start
 * at once. ISO/IEC 14496-12, section 4.2: a file is a row of boxes, each with its length and a name of four letters.
 */
export async function hasIndexInFront(path: string): Promise<boolean> {
  await using file = await open(path);
  const { size } = await file.stat();
  const header = Buffer.alloc(HEADER_BYTES);
  for (let at = 0; at + 8 <= size; ) {
    await file.read(header, 0, HEADER_BYTES, at);
    const name = header.toString('latin1', 4, 8);
    if (name === 'moov' || name === 'mdat') {
      return name === 'moov';
    }
    const short = header.readUInt32BE(0);
    // 1 means that the length follows in 64 bits.
    const length = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < 8) {
      return false;
    }
    at += length;
  }
  return false;
}
