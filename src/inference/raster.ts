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

/** Bilinear. For enlarging, ten times as fast as sharp. */
function interpolate(
  { bytes, widthPx, heightPx, channels }: Raster,
  toWidth: number,
  toHeight: number,
): Raster {
  const across = neighbours(widthPx, toWidth);
  const down = neighbours(heightPx, toHeight);
  const rowLength = toWidth * channels;
  const left = new Int32Array(rowLength);
  const right = new Int32Array(rowLength);
  const beyond = new Float32Array(rowLength);
  for (let at = 0; at < rowLength; at += 1) {
    const [x, channel] = [Math.floor(at / channels), at % channels];
    left[at] = across.first[x]! * channels + channel;
    right[at] = across.second[x]! * channels + channel;
    beyond[at] = across.beyond[x]!;
  }

  const result = new Uint8Array(rowLength * toHeight);
  const row = new Float32Array(widthPx * channels);
  for (let y = 0; y < toHeight; y += 1) {
    const upper = down.first[y]! * row.length;
    const lower = down.second[y]! * row.length;
    for (let at = 0; at < row.length; at += 1) {
      row[at] = bytes[upper + at]! + (bytes[lower + at]! - bytes[upper + at]!) * down.beyond[y]! + 0.5;
    }
    const start = y * rowLength;
    for (let at = 0; at < rowLength; at += 1) {
      const value = row[left[at]!]!;
      result[start + at] = value + (row[right[at]!]! - value) * beyond[at]!;
    }
  }
  return { bytes: result, widthPx: toWidth, heightPx: toHeight, channels };
}

/** For each pixel of a line of the new length: the two old ones that it lies between, and how far beyond the first. */
function neighbours(from: number, to: number) {
  const places = Float64Array.from({ length: to }, (_, at) =>
    Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1),
  );
  const first = Int32Array.from(places, Math.floor);
  return {
    first,
    second: first.map((at) => Math.min(at + 1, from - 1)),
    beyond: places.map((place, at) => place - first[at]!),
  };
}
