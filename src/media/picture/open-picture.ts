import { open, readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { isSrgbProfile } from '../../contracts/colour-profile.ts';
import { claimHeic } from '../../contracts/heic-brand.ts';
import { MAX_HALVED_PIXELS, MAX_IMAGE_PIXELS } from '../../contracts/media-limits.ts';
import { type HeicPixels, openHeic } from './decode-heic.ts';
import { findHeifCodec, hasFrames } from './heif-boxes.ts';
import { sharp } from './image-library.ts';
import { type MendOptions, mendJpeg } from './mend-jpeg.ts';

/** A picture of which only the headers were read. */
export interface OpenPicture {
  /** `jpeg`, `png`, `webp`, `gif`, `avif` or `heic`: what it is, whatever its brands claim. */
  format: string;
  widthPx: number;
  heightPx: number;
  maxPixels: number;
  hasAlpha: boolean;
  /** Whether it has several frames. The first one is its picture. */
  isAnimation: boolean;
  /**
   * Ways to read its pixels, to be tried in order. All are strict about damage to the picture itself. The later ones
   * mend faults around it.
   */
  readings: Array<() => Promise<Sharp>>;
}

/**
 * Reads the headers of a picture of any accepted format.
 * @returns undefined if it is HEIF with a codec that nothing here decodes
 * @throws the errors of the libraries if the headers are damaged
 */
export async function openPicture(path: string, format: string): Promise<OpenPicture | undefined> {
  if (format === 'avif' || format === 'heic') {
    return await openHeif(await readFile(path));
  }
  const header = await readHeader(path);
  const picture = toPicture(header, path);
  if (format === 'png') {
    return { ...picture, isAnimation: await isAnimatedPng(path) };
  }
  if (format !== 'jpeg') {
    return picture;
  }
  const { isProgressive } = header;
  const read = (source: string | Buffer) => readJpeg(source, header);
  const mend = async (options?: MendOptions) => read(mendJpeg(await readFile(path), options));
  return {
    ...picture,
    maxPixels: isProgressive ? MAX_IMAGE_PIXELS : MAX_HALVED_PIXELS,
    readings: [
      () => read(path),
      () => mend(),
      ...(isProgressive ? [] : [() => mend({ withoutLastRow: true })]),
    ],
  };
}

async function readJpeg(source: string | Buffer, header: Metadata): Promise<Sharp> {
  const opened = sharp(source, toOptions(header, MAX_HALVED_PIXELS));
  if (header.width * header.height <= MAX_IMAGE_PIXELS) {
    return opened;
  }
  // Upright only afterwards: a rotation needs all pixels in memory.
  const halved = await opened
    .resize({ width: Math.ceil(header.width / 2) })
    .keepExif()
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(halved, { limitInputPixels: MAX_IMAGE_PIXELS });
}

function readHeader(source: string | Buffer): Promise<Metadata> {
  return sharp(source, { limitInputPixels: false }).metadata();
}

function toOptions({ icc }: Metadata, limitInputPixels: number): SharpOptions {
  return { limitInputPixels, failOn: 'warning', ignoreIcc: isSrgbProfile(icc) };
}

function toPicture(header: Metadata, source: string | Buffer): OpenPicture {
  const { width, height, pages = 1, hasAlpha } = header;
  return {
    format: header.format,
    widthPx: width,
    heightPx: header.pageHeight ?? height,
    maxPixels: MAX_IMAGE_PIXELS,
    hasAlpha,
    isAnimation: pages > 1,
    readings: [async () => sharp(source, toOptions(header, MAX_IMAGE_PIXELS))],
  };
}

/** Brands do not tell the codec: `mif1` alone may be either. */
async function openHeif(bytes: Buffer): Promise<OpenPicture | undefined> {
  const codec = findHeifCodec(bytes);
  const isAnimation = hasFrames(bytes);
  if (codec === 'av1') {
    // libvips refuses other major brands, also those of sequences, which have a still picture, too.
    bytes.write('avif', 8, 'latin1');
    return { ...toPicture(await readHeader(bytes), bytes), format: 'avif', isAnimation };
  }
  if (codec === 'hevc') {
    if (!isAnimation) {
      claimHeic(bytes);
    }
    const { widthPx, heightPx, hasAlpha, decode } = await openHeic(bytes, MAX_IMAGE_PIXELS);
    return {
      format: 'heic',
      widthPx,
      heightPx,
      maxPixels: MAX_IMAGE_PIXELS,
      hasAlpha,
      isAnimation,
      readings: [async () => toSharp(decode())],
    };
  }
  return undefined;
}

async function toSharp({ bytes, widthPx, heightPx, channels, icc }: HeicPixels): Promise<Sharp> {
  const pixels = sharp(bytes, {
    limitInputPixels: MAX_IMAGE_PIXELS,
    raw: { width: widthPx, height: heightPx, channels },
  });
  if (!icc || isSrgbProfile(icc)) {
    return pixels;
  }
  // sharp cannot attach a profile to raw pixels, so they are put into a PNG that is not compressed.
  const png = await pixels.png({ compressionLevel: 0 }).toBuffer();
  return sharp(addProfile(png, icc), { limitInputPixels: MAX_IMAGE_PIXELS });
}

/** Signature, and the chunk IHDR. */
const PNG_HEADER_BYTES = 33;

/** Adds the chunk iCCP. PNG specification, section 11.3.2.3. */
function addProfile(png: Buffer, icc: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('iCCPICC\0\0', 'latin1'), deflateSync(icc)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, PNG_HEADER_BYTES), chunk, png.subarray(PNG_HEADER_BYTES)]);
}

/** APNG: the chunk acTL comes before the picture, which is the first frame or stands in for it. */
async function isAnimatedPng(path: string): Promise<boolean> {
  await using file = await open(path);
  const header = Buffer.alloc(8);
  for (let at = 8; ; ) {
    const { bytesRead } = await file.read(header, 0, 8, at);
    const type = header.toString('latin1', 4);
    if (bytesRead < 8 || type === 'IDAT' || type === 'acTL') {
      return type === 'acTL';
    }
    at += 12 + header.readUInt32BE(0);
  }
}
