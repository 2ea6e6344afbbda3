import sharp from 'sharp';
import { clamp } from '../../clamp.ts';

/** Uncompressed picture, interleaved. */
export interface Raster {
  bytes: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
}

/** Part of a photo, in whole pixels. */
export interface CropArea {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Above this factor, bilinear interpolation would skip pixels. */
const MAX_BILINEAR_SHRINK = 1.5;

/** Stretches: the aspect ratio may change. */
export async function resize(raster: Raster, widthPx: number, heightPx: number): Promise<Raster> {
  const shrunk = Math.max(raster.widthPx / widthPx, raster.heightPx / heightPx);
  if (shrunk <= MAX_BILINEAR_SHRINK) {
    return interpolate(raster, widthPx, heightPx);
  }
  const bytes = await open(raster).resize(widthPx, heightPx, { fit: 'fill' }).raw().toBuffer();
  return { ...raster, bytes, widthPx, heightPx };
}

/** @param area inside the picture, in whole pixels */
export function cropRaster({ bytes, widthPx, channels }: Raster, area: CropArea): Raster {
  const { left, top, width, height } = area;
  const cropped = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row += 1) {
    const start = ((top + row) * widthPx + left) * channels;
    cropped.set(bytes.subarray(start, start + width * channels), row * width * channels);
  }
  return { bytes: cropped, widthPx: width, heightPx: height, channels };
}

/** @param degrees clockwise */
export async function rotateRaster(raster: Raster, degrees: 90 | 180 | 270): Promise<Raster> {
  const { data, info } = await open(raster).rotate(degrees).raw().toBuffer({ resolveWithObject: true });
  return { ...raster, bytes: data, widthPx: info.width, heightPx: info.height };
}

/** Gaussian blur. */
export async function blur(raster: Raster, sigmaPx: number): Promise<Raster> {
  return { ...raster, bytes: await open(raster).blur(sigmaPx).raw().toBuffer() };
}

/** Fast rather than small: level 6 takes four times as long. */
export async function writePng(raster: Raster, path: string): Promise<void> {
  await open(raster).png({ compressionLevel: 1 }).toFile(path);
}

function open({ bytes, widthPx, heightPx, channels }: Raster) {
  const opened = sharp(bytes, { raw: { width: widthPx, height: heightPx, channels } });
  return channels === 1 ? opened.toColourspace('b-w') : opened;
}

/** Fixed-point precision of the weights: a byte times two weights fits into 24 bits. */
const WEIGHT_BITS = 8;

/** Bilinear, in fixed point. Many times faster than sharp for enlarging. */
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
    const weight = down.weights[y]!;
    for (let at = 0; at < row.length; at += 1) {
      const value = bytes[upper + at]!;
      row[at] = (value << WEIGHT_BITS) + (bytes[lower + at]! - value) * weight;
    }
    stretch(row, across, channels, result, y * toWidth * channels);
  }
  return { bytes: result, widthPx: toWidth, heightPx: toHeight, channels };
}

const ROUND = 1 << (2 * WEIGHT_BITS - 1);

function stretchOne(
  row: Int32Array,
  { first, second, weights }: Neighbours,
  _: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0; x < first.length; x += 1) {
    const left = row[first[x]!]!;
    const value = (left << WEIGHT_BITS) + (row[second[x]!]! - left) * weights[x]!;
    result[start + x] = (value + ROUND) >> (2 * WEIGHT_BITS);
  }
}

function stretchThree(
  row: Int32Array,
  { first, second, weights }: Neighbours,
  _: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0, at = start; x < first.length; x += 1, at += 3) {
    const from = first[x]!;
    const to = second[x]!;
    const weight = weights[x]!;
    const red = row[from]!;
    const green = row[from + 1]!;
    const blue = row[from + 2]!;
    result[at] = ((red << WEIGHT_BITS) + (row[to]! - red) * weight + ROUND) >> (2 * WEIGHT_BITS);
    result[at + 1] = ((green << WEIGHT_BITS) + (row[to + 1]! - green) * weight + ROUND) >> (2 * WEIGHT_BITS);
    result[at + 2] = ((blue << WEIGHT_BITS) + (row[to + 2]! - blue) * weight + ROUND) >> (2 * WEIGHT_BITS);
  }
}

function stretchSeveral(
  row: Int32Array,
  { first, second, weights }: Neighbours,
  channels: number,
  result: Uint8Array,
  start: number,
): void {
  for (let x = 0, at = start; x < first.length; x += 1) {
    const from = first[x]!;
    const to = second[x]!;
    const weight = weights[x]!;
    for (let channel = 0; channel < channels; channel += 1, at += 1) {
      const left = row[from + channel]!;
      const value = (left << WEIGHT_BITS) + (row[to + channel]! - left) * weight;
      result[at] = (value + ROUND) >> (2 * WEIGHT_BITS);
    }
  }
}

/** For each position in the new line: the offsets of the two old ones around it, and the weight of the second. */
interface Neighbours {
  first: Int32Array;
  second: Int32Array;
  /** Fixed point. */
  weights: Int32Array;
}

/** @param step offset from one position of the old line to the next */
function neighbours(from: number, to: number, step: number): Neighbours {
  const [first, second, weights] = [new Int32Array(to), new Int32Array(to), new Int32Array(to)];
  for (let at = 0; at < to; at += 1) {
    const place = clamp(((at + 0.5) * from) / to - 0.5, 0, from - 1);
    const before = Math.floor(place);
    first[at] = before * step;
    second[at] = Math.min(before + 1, from - 1) * step;
    weights[at] = Math.round((place - before) * (1 << WEIGHT_BITS));
  }
  return { first, second, weights };
}
