import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDiskFull } from '../../../src/errors.ts';
import { prepareImage } from '../../../src/media/decode/prepare-image.ts';
import { openPicture } from '../../../src/media/picture/open-picture.ts';

let folder: string;
let pngPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-image-'));
  pngPath = join(folder, 'photo.png');
});
afterAll(() => rm(folder, { recursive: true }));

async function prepare(bytes: Buffer) {
  const path = join(folder, 'upload');
  await writeFile(path, bytes);
  return prepareImage('image', path, pngPath);
}

const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: background.length > 7 ? 4 : 3, background } });

/** Noise, so that damage shows. The generator of Numerical Recipes makes it the same every time. */
function noise(width: number, height: number) {
  let state = 1;
  const bytes = Buffer.alloc(width * height * 3).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  return sharp(bytes, { raw: { width, height, channels: 3 } });
}

describe('preparing an image', () => {
  it('fills transparent areas with the neutral grey', async () => {
    await prepare(await plain(64, 64, '#00000000').png().toBuffer());

    expect([...(await sharp(pngPath).raw().toBuffer()).subarray(0, 3)]).toEqual([0xe8, 0xe8, 0xea]);
  });

  it('converts 16 bits per channel to 8', async () => {
    await prepare(await plain(64, 64, '#804020').toColourspace('rgb16').png().toBuffer());

    expect(await sharp(pngPath).metadata()).toMatchObject({ depth: 'uchar', channels: 3 });
    expect([...(await sharp(pngPath).raw().toBuffer()).subarray(0, 3)]).toEqual([0x80, 0x40, 0x20]);
  });

  it('accepts the smallest allowed side, and no smaller one', async () => {
    await expect(prepare(await plain(63, 200, '#804020').jpeg().toBuffer())).rejects.toMatchObject({
      code: 'IMAGE_TOO_SMALL',
      message: expect.stringContaining('63 x 200'),
    });
    expect(await prepare(await plain(64, 200, '#804020').jpeg().toBuffer())).toEqual({
      format: 'jpeg',
      widthPx: 64,
      heightPx: 200,
      wholeWidthPx: 64,
      wholeHeightPx: 200,
      warnings: [],
    });
  });

  it('refuses too many pixels by the header, before decoding, in numbers that differ', async () => {
    const png = await plain(64, 64, '#804020').png().toBuffer();
    // Width and height of the IHDR chunk; their checksum is now wrong, which only a decoder checks.
    png.writeUInt32BE(10_000, 16);
    png.writeUInt32BE(5034, 20);

    await expect(prepare(png)).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringContaining(
        'at most 50.3 megapixels for image, but received 10000 x 5034 (50.4 megapixels)',
      ),
    });
  });

  it('refuses a JPEG with damage in the middle, although it could be decoded with a grey area', async () => {
    const jpeg = await noise(256, 256).jpeg().toBuffer();
    // A marker in an invalid place: the decoder fills the rest with grey.
    jpeg.set([0xff, 0xd9], jpeg.length / 2);

    await expect(prepare(jpeg)).rejects.toMatchObject({ code: 'MEDIA_UNDECODABLE' });
  });

  it('does not take a damaged interlaced PNG for a full disk', async () => {
    const png = await noise(256, 256).png({ progressive: true }).toBuffer();
    png.fill(0, png.length >> 1, (png.length >> 1) + 8);

    const failure = await prepare(png).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'MEDIA_UNDECODABLE' });
    expect(isDiskFull(failure)).toBe(false);
  });

  it('never passes vector graphics or TIFF to a parser', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"/>';
    const tiff = await plain(64, 64, '#804020').tiff().toBuffer();

    for (const bytes of [Buffer.from(svg), tiff]) {
      await expect(prepare(bytes)).rejects.toMatchObject({ code: 'MEDIA_UNSUPPORTED' });
      await expect(openPicture(join(folder, 'upload'), 'jpeg')).rejects.toThrow('unsupported image format');
    }
  });
});
