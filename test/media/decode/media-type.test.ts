import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { listLabels } from '../../../src/contracts/media-types.ts';
import { type MediaField, requireMediaType } from '../../../src/media/decode/media-type.ts';

const picture = () => sharp({ create: { width: 8, height: 8, channels: 3, background: '#804020' } });
const ascii = (text: string) => Buffer.from(text, 'latin1');

const RECORDINGS: Array<[string, Buffer]> = [
  ['wav', ascii('RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00')],
  [
    'mp3',
    Buffer.concat([
      ascii('ID3\x04\x00\x00\x00\x00\x00\x00'),
      Buffer.from([0xff, 0xfb, 0x90, 0x00]),
      Buffer.alloc(600),
    ]),
  ],
  ['mp3', Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(600)])],
  ['aac', Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, 0, 0, 0])],
  ['flac', ascii('fLaC\x00\x00\x00\x22')],
  ['m4a', ascii('\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom\x00\x00\x00\x00')],
  ['mp4', ascii('\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42')],
];

it.each(RECORDINGS)('detects %s by its first bytes', (name, head) => {
  expect(requireMediaType('audio', head).format).toBe(name);
});

it.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)('detects %s by its first bytes', async (name) => {
  const head = await picture().toFormat(name).toBuffer();

  expect(requireMediaType('image', head).format).toBe(name);
  expect(requireMediaType('background_image', head).format).toBe(name);
});

it.each([
  ['heic', 'heic\0\0\0\0mif1heic'],
  ['heic', 'heix\0\0\0\0mif1heix'],
  ['heic', 'mif1\0\0\0\0mif1heic'],
  ['heic', 'msf1\0\0\0\0msf1hevc'],
  ['avif', 'mif1\0\0\0\0avifmiaf'],
  ['avif', 'avis\0\0\0\0msf1avis'],
])('detects %s by the brands %j', (name, brands) => {
  expect(requireMediaType('image', ascii(`\0\0\0\x18ftyp${brands}`)).format).toBe(name);
});

/** The error that refuses a file. */
function refused(field: MediaField, head: Uint8Array): unknown {
  try {
    return requireMediaType(field, head);
  } catch (error) {
    return error;
  }
}

it('names the type that was sent and the types that are accepted', async () => {
  const tiff = await picture().tiff().toBuffer();

  expect(refused('image', tiff)).toMatchObject({
    code: 'MEDIA_UNSUPPORTED',
    message:
      'Expected a picture in the field image as JPEG, PNG, WebP, AVIF, HEIC or GIF, but received a file of type TIFF. Save it as JPEG and send it again.',
  });
  expect(refused('audio', await picture().jpeg().toBuffer())).toMatchObject({
    message: expect.stringContaining('of type JPEG'),
  });
  expect(refused('image', ascii('hello'))).toMatchObject({
    message: expect.stringContaining('of an unknown type'),
  });
  expect(refused('image', new Uint8Array())).toMatchObject({
    code: 'MEDIA_UNSUPPORTED',
  });
});

it('is documented with the types of the table', () => {
  const documentation = readFileSync('docs/http-api.md', 'utf8');

  expect(documentation).toContain(`| ${listLabels('picture')}, at most`);
});
