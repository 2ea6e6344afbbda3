import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import type { MediaKind } from '../media-kinds.ts';
import { type Raster, toHeic, toHeicSequence, withBrands } from './heif-file.ts';

/** What a picture rightly becomes: its upright size, with a warning if there is one, or the code it is refused with. */
export type Expected = { widthPx: number; heightPx: number; warning?: RegExp } | string;

const PORTRAIT = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const FIRST_FRAME = /animation: only its first frame/;

/** The sample portrait, its sides multiples of 64. */
export const WIDTH_PX = 512;
export const HEIGHT_PX = 640;
const SIZE = { widthPx: WIDTH_PX, heightPx: HEIGHT_PX };

const portrait = () => sharp(PORTRAIT).resize(WIDTH_PX, HEIGHT_PX);
const baseline = () => portrait().jpeg().toBuffer();
const progressive = () => portrait().jpeg({ progressive: true }).toBuffer();
const raster = async (picture = portrait()): Promise<Raster> => {
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint32Array(Uint8Array.from(data).buffer);
  return { pixels, widthPx: info.width, heightPx: info.height };
};

/** Inserts bytes before the first marker of this kind. */
function insertBefore(jpeg: Buffer, marker: number, inserted: Buffer): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, marker]));
  return Buffer.concat([jpeg.subarray(0, at), inserted, jpeg.subarray(at)]);
}

const SOF0 = 0xc0;
const SOF2 = 0xc2;
const SOS = 0xda;
const EOI_BYTES = 2;

/** An animation of the portrait and its mirror image. */
async function animation(): Promise<Sharp> {
  const frames = await Promise.all([portrait().png().toBuffer(), portrait().flop().png().toBuffer()]);
  return sharp(frames, { join: { animated: true } });
}

const PNG_SIGNATURE_BYTES = 8;

/** The portrait and its mirror image as APNG: two PNGs in one. PNG specification, third edition, section 11.3.6. */
async function apng(): Promise<Buffer> {
  const [first, second] = await Promise.all(
    [portrait(), portrait().flop()].map(async (picture) => chunksOf(await picture.png().toBuffer())),
  );
  const dataOf = (chunks: typeof first) =>
    Buffer.concat(chunks!.flatMap(({ type, body }) => (type === 'IDAT' ? body : [])));
  const control = (sequence: number) =>
    pngChunk(
      'fcTL',
      Buffer.concat([uint32(sequence, WIDTH_PX, HEIGHT_PX, 0, 0), Buffer.from([0, 1, 0, 1, 0, 0])]),
    );
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', first!.find(({ type }) => type === 'IHDR')!.body),
    pngChunk('acTL', uint32(2, 0)),
    control(0),
    pngChunk('IDAT', dataOf(first)),
    control(1),
    pngChunk('fdAT', Buffer.concat([uint32(2), dataOf(second)])),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) {
    bytes.writeUInt32BE(value, 4 * index);
  }
  return bytes;
}

function pngChunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), body]);
  return Buffer.concat([uint32(body.length), typed, uint32(crc32(typed))]);
}

function chunksOf(png: Buffer): Array<{ type: string; body: Buffer }> {
  const chunks: Array<{ type: string; body: Buffer }> = [];
  for (let at = PNG_SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      body: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

/** The portrait in an ellipse of this opacity, 0 to 1, transparent outside. */
async function cutout(opacity: number): Promise<Sharp> {
  const pixels = await portrait().ensureAlpha().raw().toBuffer();
  for (let index = 0; index < WIDTH_PX * HEIGHT_PX; index += 1) {
    const x = (index % WIDTH_PX) / WIDTH_PX - 0.5;
    const y = Math.floor(index / WIDTH_PX) / HEIGHT_PX - 0.5;
    pixels[4 * index + 3] = Math.hypot(x, y) < 0.48 ? Math.round(255 * opacity) : 0;
  }
  return sharp(pixels, { raw: { width: WIDTH_PX, height: HEIGHT_PX, channels: 4 } });
}

/** Changes the size in the frame header of a JPEG. */
function withSize(jpeg: Buffer, marker: number, widthPx: number, heightPx: number): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, marker]));
  jpeg.writeUInt16BE(heightPx, at + 5);
  jpeg.writeUInt16BE(widthPx, at + 7);
  return jpeg;
}

/** A plain photo of many pixels with the portrait in it. */
const large = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#8899aa' }, limitInputPixels: false }).composite(
    [{ input: PORTRAIT, left: 64, top: 64 }],
  );

/** Kinds of pictures that people really have, each of which many programs refuse or misread. */
export const PICTURE_KINDS: Array<MediaKind<Expected, () => Promise<Buffer>>> = [
  {
    fault: 'a HEIC file, which phones write by default, with any brand, tiles, turns or depth',
    field: { 'iphone.heic': { widthPx: 485, heightPx: 600 } },
    made: {
      'tiles-lying.heic': {
        expected: SIZE,
        make: async () =>
          toHeic({
            brands: ['heic', 'mif1', 'heic'],
            raster: await raster(sharp(await portrait().png().toBuffer()).rotate(90)),
            grid: [4, 2],
            quarterTurns: 1,
            // Already applied by the turn above.
            exifOrientation: 8,
          }),
      },
      'mirrored-mif1.heic': {
        expected: SIZE,
        make: async () =>
          toHeic({ brands: ['mif1', 'heic'], raster: await raster(portrait().flop()), mirror: 'left-right' }),
      },
      'only-mif1.heif': {
        expected: SIZE,
        make: async () => toHeic({ brands: ['mif1', 'miaf'], raster: await raster() }),
      },
      'ten-bits.heic': { expected: SIZE, make: async () => fixture('ten-bits.heic') },
      'with-alpha.heic': { expected: SIZE, make: async () => fixture('with-alpha.heic') },
      'cut-off.heic': {
        expected: 'MEDIA_UNDECODABLE',
        make: async () => {
          const heic = await toHeic({ brands: ['heic', 'mif1'], raster: await raster() });
          return heic.subarray(0, heic.length / 2);
        },
      },
    },
  },
  {
    fault: 'a JPEG with an intact picture and faults around it, which viewers do not mind',
    field: {
      'samsung-sos.jpg': { widthPx: 970, heightPx: 1200 },
      'no-eoi.jpg': { widthPx: 970, heightPx: 1200 },
    },
    made: {
      'stray-bytes.jpg': {
        expected: SIZE,
        make: async () =>
          insertBefore(
            insertBefore(await baseline(), SOF0, Buffer.from([0, 0, 0])),
            SOS,
            Buffer.from('stray'),
          ),
      },
      'zeros-before-the-end.jpg': {
        expected: SIZE,
        make: async () => {
          const jpeg = await progressive();
          return Buffer.concat([jpeg.subarray(0, -EOI_BYTES), Buffer.alloc(20), jpeg.subarray(-EOI_BYTES)]);
        },
      },
      'without-last-byte.jpg': { expected: SIZE, make: async () => (await progressive()).subarray(0, -1) },
      'video-behind-it.jpg': {
        expected: SIZE,
        make: async () =>
          Buffer.concat([await baseline(), Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(999, 7)]),
      },
    },
  },
  {
    fault: 'a JPEG that was cut off: its last row of blocks may be missing, and nothing more',
    field: {},
    made: {
      'cut-in-the-last-row.jpg': {
        expected: { widthPx: WIDTH_PX, heightPx: HEIGHT_PX - 16 },
        make: async () => (await baseline()).subarray(0, -64),
      },
      'three-quarters.jpg': {
        expected: 'MEDIA_UNDECODABLE',
        make: async () => {
          const jpeg = await baseline();
          return jpeg.subarray(0, 0.75 * jpeg.length);
        },
      },
      'end-in-the-middle.jpg': {
        expected: 'MEDIA_UNDECODABLE',
        make: async () => {
          const jpeg = await baseline();
          jpeg.set([0xff, 0xd9], jpeg.length / 2);
          return jpeg;
        },
      },
      'progressive-without-its-last-scan.jpg': {
        expected: 'MEDIA_UNDECODABLE',
        make: async () => {
          const jpeg = await progressive();
          return jpeg.subarray(0, 0.9 * jpeg.length);
        },
      },
    },
  },
  {
    fault: 'a photo of a phone with 50, 108 or 200 megapixels',
    field: { 'phone-50mp.jpg': { widthPx: 6144, heightPx: 8192 } },
    made: {
      '108-megapixels-lying.jpg': {
        expected: { widthPx: 4500, heightPx: 6000 },
        make: () => large(12_000, 9_000).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      },
      '260-megapixels.jpg': {
        expected: 'IMAGE_TOO_LARGE',
        make: async () => withSize(await baseline(), SOF0, 20_000, 13_000),
      },
      '108-megapixels-progressive.jpg': {
        expected: 'IMAGE_TOO_LARGE',
        make: async () => withSize(await progressive(), SOF2, 12_000, 9_000),
      },
    },
  },
  {
    fault: 'an AVIF file whose brand is not avif',
    field: { 'major-brand-mif1.avif': { widthPx: 485, heightPx: 600 } },
    made: {
      'only-mif1.avif': {
        expected: SIZE,
        make: async () => withBrands(await portrait().avif({ effort: 0 }).toBuffer(), ['mif1']),
      },
      'miaf-first.avif': {
        expected: SIZE,
        make: async () => withBrands(await portrait().avif({ effort: 0 }).toBuffer(), ['miaf', 'avif']),
      },
    },
  },
  {
    fault: 'an animation, of which the first frame is used',
    field: { 'animated.avif': { widthPx: 485, heightPx: 600, warning: FIRST_FRAME } },
    made: {
      'animated.gif': {
        expected: { ...SIZE, warning: FIRST_FRAME },
        make: async () => (await animation()).gif({ effort: 1 }).toBuffer(),
      },
      'animated.webp': {
        expected: { ...SIZE, warning: FIRST_FRAME },
        make: async () => (await animation()).webp({ effort: 0 }).toBuffer(),
      },
      'animated.png': { expected: { ...SIZE, warning: FIRST_FRAME }, make: apng },
      'sequence.heic': {
        expected: { ...SIZE, warning: FIRST_FRAME },
        make: async () => toHeicSequence([await raster(), await raster(portrait().flop())]),
      },
      'still.gif': { expected: SIZE, make: () => portrait().gif({ effort: 1 }).toBuffer() },
    },
  },
  {
    fault: 'a person who is half transparent, and should be solid',
    field: { 'half-transparent.png': { widthPx: 485, heightPx: 600 } },
    made: {
      'faded-cutout.png': { expected: SIZE, make: async () => (await cutout(0.4)).png().toBuffer() },
      'faded-cutout.webp': {
        expected: SIZE,
        make: async () => (await cutout(0.6)).webp({ effort: 0 }).toBuffer(),
      },
      'solid-cutout.png': { expected: SIZE, make: async () => (await cutout(1)).png().toBuffer() },
    },
  },
];
