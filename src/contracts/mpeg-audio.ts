/** Frames of MP3 (ISO/IEC 11172-3 and 13818-3) and of AAC in ADTS (ISO/IEC 14496-3). */

interface Frame {
  format: 'mp3' | 'aac';
  bytes: number;
  /** What all frames of a file share: version, layer and sample rate. */
  kind: number;
}

const ADTS_HEADER_BYTES = 7;
/** Consecutive headers that fit together. Random bytes do so once in some hundred million places. */
const CHAIN = 3;
const ID3_HEADER_BYTES = 10;

/** Kilobits per second by the index in the header: MPEG-1, then MPEG-2 and 2.5. */
const KILOBITS = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const MPEG_1_RATES_HZ = [44_100, 48_000, 32_000] as const;

/** @returns where the first frame is that others follow, or undefined if there is none */
export function findMpegAudio(bytes: Uint8Array): { at: number; format: 'mp3' | 'aac' } | undefined {
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const frame = mpegFrameAt(bytes, at);
    if (frame && isFollowed(bytes, at, frame)) {
      return { at, format: frame.format };
    }
  }
  return undefined;
}

/** Whether frames of the same kind follow, as far as the bytes reach, but at least one. */
function isFollowed(bytes: Uint8Array, start: number, first: Frame): boolean {
  let at = start + first.bytes;
  for (let count = 1; count < CHAIN; count++) {
    if (at + ADTS_HEADER_BYTES > bytes.length) {
      return count > 1;
    }
    const next = mpegFrameAt(bytes, at);
    if (next?.kind !== first.kind) {
      return false;
    }
    at += next.bytes;
  }
  return true;
}

/** The header of a frame, if there is one. It may be chance: two bytes are enough to look like one. */
export function mpegFrameAt(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + ADTS_HEADER_BYTES > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) {
    return undefined;
  }
  const layer = (bytes[at + 1]! >> 1) & 3;
  return layer === 0 ? readAdts(bytes, at) : layer === 1 ? readLayer3(bytes, at) : undefined;
}

function readLayer3(bytes: Uint8Array, at: number): Frame | undefined {
  const version = (bytes[at + 1]! >> 3) & 3;
  const bitrate = bytes[at + 2]! >> 4;
  const rate = (bytes[at + 2]! >> 2) & 3;
  if (version === 1 || bitrate === 0 || bitrate === 15 || rate === 3) {
    return undefined;
  }
  const isMpeg1 = version === 3;
  const rateHz = MPEG_1_RATES_HZ[rate]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const padding = (bytes[at + 2]! >> 1) & 1;
  const bitsPerS = KILOBITS[isMpeg1 ? 0 : 1][bitrate]! * 1000;
  const length = Math.floor(((isMpeg1 ? 144 : 72) * bitsPerS) / rateHz) + padding;
  return { format: 'mp3', bytes: length, kind: (version << 4) | (rate << 2) | 1 };
}

function readAdts(bytes: Uint8Array, at: number): Frame | undefined {
  const rate = (bytes[at + 2]! >> 2) & 15;
  const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  if ((bytes[at + 1]! & 0xf0) !== 0xf0 || rate > 12 || length < ADTS_HEADER_BYTES) {
    return undefined;
  }
  return { format: 'aac', bytes: length, kind: (rate << 8) | (bytes[at + 1]! & 8) };
}

/** Where the content starts: after any number of ID3v2 tags, whose pictures can be megabytes. */
export function afterId3Tags(bytes: Uint8Array): number {
  let at = 0;
  while (at + ID3_HEADER_BYTES <= bytes.length && isId3(bytes, at)) {
    // Seven bits of each byte. A flag adds a footer.
    const size = bytes
      .subarray(at + 6, at + ID3_HEADER_BYTES)
      .reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    const hasFooter = (bytes[at + 5]! & 0x10) !== 0;
    at += ID3_HEADER_BYTES + size + (hasFooter ? ID3_HEADER_BYTES : 0);
  }
  return Math.min(at, bytes.length);
}

function isId3(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x49 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x33;
}
