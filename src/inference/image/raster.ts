import sharp from 'sharp';

/** Bytes of a picture, interleaved. */
export interface Raster {
  bytes: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
}

/** Shrinking by more than this needs all pixels to count, not just the nearest four. */
const MOST_SHRUNK_BY_FOUR = 1.5;

/** Stretches: the shape of the picture may change. */
export async function resize(raster: Raster, widthPx: number, heightPx: number): Promise<Raster> {
  const shrunk = Math.max(raster.widthPx / widthPx, raster.heightPx / heightPx);
  if (shrunk <= MOST_SHRUNK_BY_FOUR) {
    return interpolate(raster, widthPx, heightPx);
  }
  const bytes = await open(raster).resize(widthPx, heightPx, { fit: 'fill' }).raw().toBuffer();
  return { ...raster, bytes, widthPx, heightPx };
}

/** Softens by a Gaussian of that standard deviation. */
export async function blur(raster: Raster, sigmaPx: number): Promise<Raster> {
  return { ...raster, bytes: await open(raster).blur(sigmaPx).raw().toBuffer() };
}

/** Fast rather than small: at level 6 a photo takes four times as long. */
export async function writePng(raster: Raster, path: string): Promise<void> {
  await open(raster).png({ compressionLevel: 1 }).toFile(path);
}

function open({ bytes, widthPx, heightPx, channels }: Raster) {
  const opened = sharp(bytes, { raw: { width: widthPx, height: heightPx, channels } });
  return channels === 1 ? opened.toColourspace('b-w') : opened;
}

/** Weights of neighbours are counted in so many parts: two of them leave a byte in 24 bits. */
const PARTS_BITS = 8;

/** Bilinear, in whole numbers. For enlarging, many times as fast as sharp. */
function interpolate(
  { bytes, widthPx, heightPx, channels }: Raster,
  toWidth: number,
  toHeight: number,
): Raster {
  const across = neighbours(widthPx, toWidth, channels);
  const down = neighbours(heightPx, toHeight, widthPx * channels);
  const result = new Uint8Array(toWidth * toHeight * channels);
  const row = new Int32Array(widthPx * channels);
  const stretch = channels === 1 ? stretchOne : channels === 3 ? stretchThree : stretchSeveral;
  for (let y = 0; y < toHeight; y += 1) {
    const upper = down.first[y]!;
    const lower = down.second[y]!;
    const beyond = down.beyond[y]!;
    for (let at = 0; at < row.length; at += 1) {
      const value = bytes[upper + at]!;
      row[at] = (value << PARTS_BITS) + (bytes[lower + at]! - value) * beyond;
    }
    stretch(row, across, channels, result, y * toWidth * channels);
  }
  return { bytes: result, widthPx: toWidth, heightPx: toHeight, channels };
}

const ROUND = 1 << (2 * PARTS_BITS - 1);

function stretchOne(
  row: Int32Array,
  { first, second, beyond }: Neighbours,
  _: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0; x < first.length; x += 1) {
    const left = row[first[x]!]!;
    const value = (left << PARTS_BITS) + (row[second[x]!]! - left) * beyond[x]!;
    result[start + x] = (value + ROUND) >> (2 * PARTS_BITS);
  }
}

function stretchThree(
  row: Int32Array,
  { first, second, beyond }: Neighbours,
  _: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0, at = start; x < first.length; x += 1, at += 3) {
    const from = first[x]!;
    const to = second[x]!;
    const weight = beyond[x]!;
    const red = row[from]!;
    const green = row[from + 1]!;
    const blue = row[from + 2]!;
    result[at] = ((red << PARTS_BITS) + (row[to]! - red) * weight + ROUND) >> (2 * PARTS_BITS);
    result[at + 1] = ((green << PARTS_BITS) + (row[to + 1]! - green) * weight + ROUND) >> (2 * PARTS_BITS);
    result[at + 2] = ((blue << PARTS_BITS) + (row[to + 2]! - blue) * weight + ROUND) >> (2 * PARTS_BITS);
  }
}

function stretchSeveral(
  row: Int32Array,
  { first, second, beyond }: Neighbours,
  channels: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0, at = start; x < first.length; x += 1) {
    const from = first[x]!;
    const to = second[x]!;
    const weight = beyond[x]!;
    for (let channel = 0; channel < channels; channel += 1, at += 1) {
      const left = row[from + channel]!;
      const value = (left << PARTS_BITS) + (row[to + channel]! - left) * weight;
      result[at] = (value + ROUND) >> (2 * PARTS_BITS);
    }
  }
}

/** For each place of a line of the new length: where the two old ones begin that it lies between, and how far beyond the first. */
interface Neighbours {
  first: Int32Array;
  second: Int32Array;
  /** In parts. */
  beyond: Int32Array;
}

/** @param step from one place of the old line to the next. */
function neighbours(from: number, to: number, step: number): Neighbours {
  const [first, second, beyond] = [new Int32Array(to), new Int32Array(to), new Int32Array(to)];
  for (let at = 0; at < to; at += 1) {
    const place = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1);
    const before = Math.floor(place);
    first[at] = before * step;
    second[at] = Math.min(before + 1, from - 1) * step;
    beyond[at] = Math.round((place - before) * (1 << PARTS_BITS));
  }
  return { first, second, beyond };
}
