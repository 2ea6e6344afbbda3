import { VideoEncoder, VideoFrame } from '@napi-rs/webcodecs';
import { whileCodecsRun } from '../../../src/media/codecs/webcodecs.ts';
import { toI420 } from '../../../src/media/encode/i420.ts';

/** A picture with even sides, as packed RGBA. */
export interface Raster {
  pixels: Uint32Array;
  widthPx: number;
  heightPx: number;
}

export interface HeicOptions {
  /** Major brand, then compatible ones. */
  brands: string[];
  raster: Raster;
  /** Columns and rows of tiles, as phones write them. Default: one picture. */
  grid?: [columns: number, rows: number];
  /** Quarter turns to the left that a viewer applies. */
  quarterTurns?: 0 | 1 | 2 | 3;
  /** What a viewer exchanges. */
  mirror?: 'top-bottom' | 'left-right';
  /** Of the EXIF data, which viewers ignore in this format. */
  exifOrientation?: number;
}

interface Item {
  id: number;
  type: string;
  data: Buffer;
  /** Indices into the properties, from 1. */
  properties: number[];
}

const u8 = (...values: number[]) => Buffer.from(values);
const u16 = (...values: number[]) => Buffer.concat(values.map((value) => u8(value >> 8, value & 255)));
const u32 = (...values: number[]) =>
  Buffer.concat(values.map((value) => u16(Math.floor(value / 65_536), value % 65_536)));
const letters = (text: string) => Buffer.from(text, 'latin1');
const box = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), letters(type), body]);
};
const fullBox = (type: string, version: number, flags: number, ...parts: Buffer[]) =>
  box(type, u32(version * 0x1000000 + flags), ...parts);

/** As `toI420` converts: BT.709, limited range. */
const COLOURS = box('colr', letters('nclx'), u16(1, 1, 1), u8(0));

/** Writes a HEIC file. ISO/IEC 23008-12. */
export async function toHeic(options: HeicOptions): Promise<Buffer> {
  const { brands, raster, grid = [1, 1], quarterTurns = 0, mirror, exifOrientation } = options;
  const [columns, rows] = grid;
  const tilePx = { widthPx: raster.widthPx / columns, heightPx: raster.heightPx / rows };
  const tiles: Array<{ data: Buffer; config: Buffer }> = [];
  for (let index = 0; index < columns * rows; index += 1) {
    const area = {
      left: (index % columns) * tilePx.widthPx,
      top: Math.floor(index / columns) * tilePx.heightPx,
    };
    tiles.push(await encodeHevc(crop(raster, { ...area, ...tilePx })));
  }
  const size = ({ widthPx, heightPx }: Omit<Raster, 'pixels'>) =>
    fullBox('ispe', 0, 0, u32(widthPx, heightPx));
  const properties = [
    box('hvcC', tiles[0]!.config),
    COLOURS,
    size(tilePx),
    size(raster),
    box('irot', u8(quarterTurns)),
    box('imir', u8(mirror === 'left-right' ? 1 : 0)),
  ];
  const turns = [...(quarterTurns ? [5] : []), ...(mirror === undefined ? [] : [6])];
  const isGrid = tiles.length > 1;
  const items: Item[] = tiles.map(({ data }, index) => ({
    id: index + 1,
    type: 'hvc1',
    data,
    properties: isGrid ? [1, 2, 3] : [1, 2, 3, ...turns],
  }));
  const references: Buffer[] = [];
  const primary = isGrid ? items.length + 1 : 1;
  if (isGrid) {
    const data = Buffer.concat([u8(0, 0, rows - 1, columns - 1), u16(raster.widthPx, raster.heightPx)]);
    references.push(box('dimg', u16(primary, items.length, ...items.map(({ id }) => id))));
    items.push({ id: primary, type: 'grid', data, properties: [2, 4, ...turns] });
  }
  if (exifOrientation !== undefined) {
    const id = items.length + 1;
    const tiff = Buffer.concat([
      letters('MM\0*'),
      u32(8),
      u16(1, 0x0112, 3),
      u32(1),
      u16(exifOrientation, 0),
      u32(0),
    ]);
    references.push(box('cdsc', u16(id, 1, primary)));
    items.push({
      id,
      type: 'Exif',
      data: Buffer.concat([u32(6), letters('Exif\0\0'), tiff]),
      properties: [],
    });
  }
  return write(brands, { items, primary, properties, references });
}

interface Contents {
  items: Item[];
  primary: number;
  properties: Buffer[];
  references: Buffer[];
}

function write(brands: string[], { items, primary, properties, references }: Contents): Buffer {
  const ftyp = toFtyp(brands);
  const meta = (dataAt: number) => {
    let at = dataAt;
    const places = items.map(({ id, data }) => {
      const place = Buffer.concat([u16(id, 0, 1), u32(at, data.length)]);
      at += data.length;
      return place;
    });
    return fullBox(
      'meta',
      0,
      0,
      fullBox('hdlr', 0, 0, u32(0), letters('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, 0, u16(primary)),
      fullBox('iloc', 0, 0, u8(0x44, 0), u16(items.length), ...places),
      fullBox(
        'iinf',
        0,
        0,
        u16(items.length),
        ...items.map(({ id, type }) =>
          fullBox('infe', 2, id === primary ? 0 : 1, u16(id, 0), letters(type), u8(0)),
        ),
      ),
      ...(references.length > 0 ? [fullBox('iref', 0, 0, ...references)] : []),
      box(
        'iprp',
        box('ipco', ...properties),
        fullBox(
          'ipma',
          0,
          0,
          u32(items.length),
          ...items.map(({ id, properties: own }) => Buffer.concat([u16(id), u8(own.length, ...own)])),
        ),
      ),
    );
  };
  const dataAt = ftyp.length + meta(0).length + 8;
  return Buffer.concat([ftyp, meta(dataAt), box('mdat', ...items.map(({ data }) => data))]);
}

function toFtyp([major, ...compatible]: string[]): Buffer {
  return box('ftyp', letters(major!), u32(0), letters(compatible.join('')));
}

/** Replaces the brands of a file. The last one is repeated as often as needed for offsets to stay valid. */
export function withBrands(file: Buffer, brands: string[]): Buffer {
  const length = file.readUInt32BE(0);
  const count = (length - 16) / 4 + 1;
  const repeated = Array.from({ length: count }, (_, index) => brands[index] ?? brands.at(-1)!);
  return Buffer.concat([toFtyp(repeated), file.subarray(length)]);
}

/**
 * A sequence of HEVC pictures without a still one, as a track. ISO/IEC 23008-12, section 7.
 */
export async function toHeicSequence(frames: Raster[]): Promise<Buffer> {
  const coded = [];
  for (const frame of frames) {
    coded.push(await encodeHevc(frame));
  }
  const { widthPx, heightPx } = frames[0]!;
  const samples = coded.map(({ data }) => data);
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const entry = box(
    'hvc1',
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(widthPx, heightPx),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
    box('hvcC', coded[0]!.config),
    COLOURS,
    fullBox('ccst', 0, 0, u32(0x80000000)),
  );
  const moov = (dataAt: number) =>
    box(
      'moov',
      fullBox(
        'mvhd',
        0,
        0,
        u32(0, 0, 10, frames.length, 0x10000),
        u16(0x100, 0),
        u32(0, 0),
        matrix,
        Buffer.alloc(24),
        u32(2),
      ),
      box(
        'trak',
        fullBox(
          'tkhd',
          0,
          7,
          u32(0, 0, 1, 0, frames.length, 0, 0),
          u16(0, 0, 0, 0),
          matrix,
          u32(widthPx * 65_536, heightPx * 65_536),
        ),
        box(
          'mdia',
          fullBox('mdhd', 0, 0, u32(0, 0, 10, frames.length), u16(0x55c4, 0)),
          fullBox('hdlr', 0, 0, u32(0), letters('pict'), Buffer.alloc(13)),
          box(
            'minf',
            fullBox('vmhd', 0, 1, Buffer.alloc(8)),
            box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
            box(
              'stbl',
              fullBox('stsd', 0, 0, u32(1), entry),
              fullBox('stts', 0, 0, u32(1, samples.length, 1)),
              fullBox('stsc', 0, 0, u32(1, 1, samples.length, 1)),
              fullBox('stsz', 0, 0, u32(0, samples.length, ...samples.map(({ length }) => length))),
              fullBox('stco', 0, 0, u32(1, dataAt)),
            ),
          ),
        ),
      ),
    );
  const ftyp = toFtyp(['hevc', 'msf1', 'iso8']);
  const dataAt = ftyp.length + moov(0).length + 8;
  return Buffer.concat([ftyp, moov(dataAt), box('mdat', ...samples)]);
}

function crop(
  { pixels, widthPx }: Raster,
  area: { left: number; top: number; widthPx: number; heightPx: number },
): Raster {
  const part = new Uint32Array(area.widthPx * area.heightPx);
  for (let row = 0; row < area.heightPx; row += 1) {
    const start = (area.top + row) * widthPx + area.left;
    part.set(pixels.subarray(start, start + area.widthPx), row * area.widthPx);
  }
  return { pixels: part, widthPx: area.widthPx, heightPx: area.heightPx };
}

async function encodeHevc({ pixels, widthPx, heightPx }: Raster): Promise<{ data: Buffer; config: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ data: Buffer; config: Buffer }>();
  const encoder = new VideoEncoder({
    output: (chunk, metadata) => {
      const data = Buffer.alloc(chunk.byteLength);
      chunk.copyTo(data);
      resolve({ data, config: Buffer.from(metadata!.decoderConfig!.description!) });
    },
    error: reject,
  });
  encoder.configure({ codec: 'hvc1.1.6.L93.B0', width: widthPx, height: heightPx, bitrate: 20_000_000 });
  const planes = new Uint8Array((widthPx * heightPx * 3) / 2);
  toI420(pixels, widthPx, heightPx, { left: 0, top: 0, right: widthPx, bottom: heightPx }, planes);
  const frame = new VideoFrame(planes, {
    format: 'I420',
    codedWidth: widthPx,
    codedHeight: heightPx,
    timestamp: 0,
  });
  encoder.encode(frame, { keyFrame: true });
  await whileCodecsRun(encoder.flush());
  frame.close();
  encoder.close();
  return await promise;
}
