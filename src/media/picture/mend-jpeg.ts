/** Markers of ITU-T T.81, table B.1. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const SOF0 = 0xc0;
const SOF1 = 0xc1;
const APP0 = 0xe0;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;
/** Tables, frame headers, application data and comments: the segments that have a length. */
const isSegment = (marker: number) =>
  (marker >= 0xc0 && marker <= 0xcf) || (marker >= SOS && marker <= 0xef) || marker === 0xfe;

export interface MendOptions {
  /** Leaves out the last row of blocks, 8 or 16 pixels high, for a file that was cut off in it. */
  withoutLastRow?: boolean;
}

/**
 * Mends the headers of a JPEG that viewers open although they break the standard: stray bytes between segments, wrong
 * parameters of a scan, an unknown version of JFIF, zeros before the end, or no end. The coded picture itself stays as it
 * is, so a decoder that is strict about damage still finds all of it.
 */
export function mendJpeg(bytes: Buffer, { withoutLastRow = false }: MendOptions = {}): Buffer {
  const parts: Buffer[] = [Buffer.from([0xff, SOI])];
  let isSequential = false;
  let at = 2;
  for (;;) {
    at = findMarker(bytes, at);
    const marker = bytes[at + 1];
    if (marker === undefined || marker === EOI) {
      break;
    }
    const end = at + 2 + (at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : 0);
    const segment = Buffer.from(bytes.subarray(at, end));
    at = end;
    if (marker === SOF0 || marker === SOF1) {
      isSequential = true;
      if (withoutLastRow) shorten(segment);
    } else if (marker === APP0 && segment.toString('latin1', 4, 8) === 'JFIF') {
      // The major version, which is 1 for all there are.
      segment[9] = 1;
    } else if (marker === SOS && isSequential) {
      // First and last coefficient, and the bits of progressive scans: a sequential scan always has all of them.
      segment.set([0, 63, 0], segment.length - 3);
    }
    parts.push(segment);
    if (marker === SOS) {
      const scanEnd = findScanEnd(bytes, at);
      parts.push(bytes.subarray(at, withoutZeros(bytes, at, scanEnd)));
      at = scanEnd;
    }
  }
  return Buffer.concat([...parts, Buffer.from([0xff, EOI])]);
}

/** Reduces the height in a frame header by its last row of blocks. ITU-T T.81, section B.2.2. */
function shorten(frame: Buffer): void {
  const HEIGHT_AT = 5;
  const COMPONENTS_AT = 9;
  let largest = 1;
  for (let at = COMPONENTS_AT + 2; at < frame.length; at += 3) {
    largest = Math.max(largest, frame[at]! & 0x0f);
  }
  const rowPx = 8 * largest;
  const heightPx = frame.readUInt16BE(HEIGHT_AT);
  frame.writeUInt16BE(Math.max(1, (Math.ceil(heightPx / rowPx) - 1) * rowPx), HEIGHT_AT);
}

/** The next marker of a segment or of the end, at or after a place. The length of the file if there is none. */
function findMarker(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker !== undefined && (marker === EOI || isSegment(marker))) {
      return at;
    }
  }
  return bytes.length;
}

/** Where coded data ends: at the next marker that is neither a restart nor a coded byte of 255. */
function findScanEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker !== undefined && marker !== 0 && marker !== 0xff && !isRestart(marker)) {
      return at;
    }
  }
  return bytes.length;
}

/** Coded data is padded with ones, so zeros at its end do not belong to it, except in a coded byte of 255. */
function withoutZeros(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && bytes[end - 1] === 0) {
    end -= 1;
  }
  return end < to && bytes[end - 1] === 0xff ? end + 1 : end;
}
