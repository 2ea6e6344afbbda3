import { crc32 } from 'node:zlib';
import { mutate } from './mutate.ts';

/** A chunk, box or segment with its header. */
interface Part {
  start: number;
  end: number;
  /** Where its size is, and of how many bytes. */
  sizeAt: number;
  sizeBytes: 2 | 4;
  isLittleEndian?: boolean;
}

const SIZES = [0, 1, 2, 7, 8, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** A decoder that checks sums would stop at the first changed byte. */
const MENDED_SUMS = 0.7;

/** How often whole parts are changed, in place of bytes and numbers. */
const WHOLE_PARTS = 0.5;

/**
 * Damages a picture as `mutate` does, or in its structure.
 * @param random 0 to 1; the same numbers give the same file
 */
export function mutatePicture(bytes: Buffer, random: () => number): Uint8Array {
  return (random() < WHOLE_PARTS ? mutateParts(bytes, random) : undefined) ?? mutate(bytes, random);
}

/**
 * Damages the structure of a picture: one of its chunks (PNG, WebP), boxes (HEIC, AVIF) or segments (JPEG) is repeated,
 * dropped, swapped with another, gets another size, or a number in it becomes extreme. Undefined if the file has none.
 */
function mutateParts(bytes: Buffer, random: () => number): Buffer | undefined {
  const parts = findParts(bytes);
  if (parts.length < 2) {
    return undefined;
  }
  const pick = (limit: number) => Math.floor(random() * limit);
  const part = parts[pick(parts.length)]!;
  const other = parts[pick(parts.length)]!;
  const cut = ({ start, end }: Part) => bytes.subarray(start, end);
  const ways: Array<() => Buffer> = [
    () => Buffer.concat([bytes.subarray(0, part.end), cut(part), bytes.subarray(part.end)]),
    () => Buffer.concat([bytes.subarray(0, part.start), bytes.subarray(part.end)]),
    () => {
      const [first, second] = part.start < other.start ? [part, other] : [other, part];
      return first.end > second.start
        ? Buffer.concat([bytes.subarray(0, part.start), cut(other), bytes.subarray(part.end)])
        : Buffer.concat([
            bytes.subarray(0, first.start),
            cut(second),
            bytes.subarray(first.end, second.start),
            cut(first),
            bytes.subarray(second.end),
          ]);
    },
    () => {
      const resized = Buffer.from(bytes);
      const size = random() < 0.5 ? SIZES[pick(SIZES.length)]! : part.end - part.start + pick(33) - 16;
      writeNumber(resized, part, part.sizeAt, Math.max(0, size));
      return resized;
    },
    () => {
      const extreme = Buffer.from(bytes);
      const at = part.start + pick(Math.min(64, part.end - part.start));
      writeNumber(extreme, part, at, SIZES[pick(SIZES.length)]!);
      return extreme;
    },
  ];
  const damaged = ways[pick(ways.length)]!();
  return random() < MENDED_SUMS ? mendSums(damaged) : damaged;
}

function writeNumber(bytes: Buffer, { sizeBytes, isLittleEndian }: Part, at: number, value: number): void {
  const place = Math.min(at, bytes.length - sizeBytes);
  const fitting = value % 2 ** (8 * sizeBytes);
  if (isLittleEndian) bytes.writeUIntLE(fitting, place, sizeBytes);
  else bytes.writeUIntBE(fitting, place, sizeBytes);
}

const PNG = Buffer.from('\x89PNG', 'latin1');

function findParts(bytes: Buffer): Part[] {
  if (bytes.subarray(0, 4).equals(PNG)) return findChunks(bytes, 8, 12, false);
  if (bytes.toString('latin1', 0, 4) === 'RIFF') return findChunks(bytes, 12, 8, true);
  if (bytes.toString('latin1', 4, 8) === 'ftyp') return findBoxes(bytes, 0, bytes.length);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return findSegments(bytes);
  return [];
}

/** Chunks of PNG, which have a sum behind them, or of RIFF, which are padded to even sizes. */
function findChunks(bytes: Buffer, from: number, overhead: number, isLittleEndian: boolean): Part[] {
  const parts: Part[] = [];
  for (let start = from; start + 8 <= bytes.length; ) {
    const sizeAt = isLittleEndian ? start + 4 : start;
    const size = isLittleEndian ? bytes.readUInt32LE(sizeAt) : bytes.readUInt32BE(sizeAt);
    const end = Math.min(bytes.length, start + overhead + size + (isLittleEndian ? size % 2 : 0));
    parts.push({ start, end, sizeAt, sizeBytes: 4, isLittleEndian });
    start = end;
  }
  return parts;
}

/** Boxes that contain boxes, with the bytes of their own fields. */
const PARENTS: Record<string, number> = {
  meta: 4,
  iprp: 0,
  ipco: 0,
  iinf: 6,
  iref: 4,
  moov: 0,
  trak: 0,
  mdia: 0,
  minf: 0,
  stbl: 0,
  stsd: 8,
};

function findBoxes(bytes: Buffer, from: number, to: number): Part[] {
  const parts: Part[] = [];
  for (let start = from; start + 8 <= to; ) {
    const size = Math.max(8, bytes.readUInt32BE(start));
    const end = Math.min(to, start + size);
    const fields = PARENTS[bytes.toString('latin1', start + 4, start + 8)];
    parts.push({ start, end, sizeAt: start, sizeBytes: 4 });
    if (fields !== undefined) {
      parts.push(...findBoxes(bytes, start + 8 + fields, end));
    }
    start = end;
  }
  return parts;
}

/** Segments of JPEG; coded data belongs to the one before it. */
function findSegments(bytes: Buffer): Part[] {
  const starts: number[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at] === 0xff ? bytes[at + 1]! : 0;
    const isSegment = marker >= 0xc0 && marker !== 0xff && !(marker >= 0xd0 && marker <= 0xd9);
    if (isSegment) starts.push(at);
    at += isSegment ? 2 + bytes.readUInt16BE(at + 2) : 1;
  }
  return starts.map((start, index) => ({
    start,
    end: starts[index + 1] ?? bytes.length,
    sizeAt: start + 2,
    sizeBytes: 2,
  }));
}

/** Writes the right sums behind the chunks of a PNG. */
function mendSums(bytes: Buffer): Buffer {
  if (bytes.subarray(0, 4).equals(PNG)) {
    for (const { start, end } of findChunks(bytes, 8, 12, false)) {
      if (end - start >= 12) {
        bytes.writeUInt32BE(crc32(bytes.subarray(start + 4, end - 4)), end - 4);
      }
    }
  }
  return bytes;
}
