export type HeifCodec = 'hevc' | 'av1';

/** Codecs by their configuration box, which pictures have, and by the entry of a track. */
const CODECS: Record<string, HeifCodec> = {
  hvcC: 'hevc',
  hvc1: 'hevc',
  hev1: 'hevc',
  av1C: 'av1',
  av01: 'av1',
};

/** The boxes on the way to them, with the bytes of their own fields. */
const PARENTS: Record<string, number> = {
  meta: 4,
  iprp: 0,
  ipco: 0,
  moov: 0,
  trak: 0,
  mdia: 0,
  minf: 0,
  stbl: 0,
  stsd: 8,
};

interface Box {
  type: string;
  /** Where its contents are. */
  start: number;
  end: number;
}

/**
 * The codec of the pictures in a HEIF file, which its brands may not tell. Undefined if it is none of these.
 * ISO/IEC 14496-12 and 23008-12.
 */
export function findHeifCodec(bytes: Buffer, start = 0, end = bytes.length): HeifCodec | undefined {
  for (const box of boxesIn(bytes, start, end)) {
    const fields = PARENTS[box.type];
    const codec = fields === undefined ? CODECS[box.type] : findHeifCodec(bytes, box.start + fields, box.end);
    if (codec) {
      return codec;
    }
  }
  return undefined;
}

/** Whether a HEIF file has a track, which is a sequence of frames, in addition to a picture or in its place. */
export function hasFrames(bytes: Buffer): boolean {
  return [...boxesIn(bytes, 0, bytes.length)].some(({ type }) => type === 'moov');
}

function* boxesIn(bytes: Buffer, start: number, end: number): Generator<Box, undefined> {
  for (let at = start; at + 8 <= end; ) {
    const size = bytes.readUInt32BE(at);
    const isLarge = size === 1 && at + 16 <= end;
    const header = isLarge ? 16 : 8;
    // A size of 0 reaches to the end. One that is smaller than the header is damaged.
    const claimed = isLarge ? Number(bytes.readBigUInt64BE(at + 8)) : size === 0 ? end - at : size;
    const next = Math.min(end, at + Math.max(header, claimed));
    yield { type: bytes.toString('latin1', at + 4, at + 8), start: at + header, end: next };
    at = next;
  }
}
