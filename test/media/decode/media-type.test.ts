import sharp from 'sharp';
import { expect, it } from 'vitest';
import { requireMediaType } from '../../../src/media/decode/media-type.ts';

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

it.each(RECORDINGS)('detects %s by its first bytes', async (name, head) => {
  expect(await requireMediaType('audio', head)).toBe(name);
});

it.each(['jpeg', 'png', 'webp', 'avif'] as const)('detects %s by its first bytes', async (name) => {
  const head = await picture().toFormat(name).toBuffer();

  expect(await requireMediaType('image', head)).toBe(name);
  expect(await requireMediaType('background_image', head)).toBe(name);
});

it('names the type that was sent and the types that are accepted', async () => {
  const gif = await picture().gif().toBuffer();

  await expect(requireMediaType('image', gif)).rejects.toMatchObject({
    code: 'MEDIA_UNSUPPORTED',
    message:
      'Expected a picture in the field image as JPEG, PNG, WebP or AVIF, but received a file of type GIF. Save it as JPEG and send it again.',
  });
  await expect(
    requireMediaType('image', ascii('\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic')),
  ).rejects.toMatchObject({
    code: 'MEDIA_UNSUPPORTED',
    message: expect.stringContaining('received a file of type HEIC. Save it as JPEG'),
  });
  await expect(requireMediaType('audio', await picture().jpeg().toBuffer())).rejects.toThrow('of type JPEG');
  await expect(requireMediaType('image', ascii('hello'))).rejects.toThrow('of an unknown type');
  await expect(requireMediaType('image', new Uint8Array())).rejects.toMatchObject({
    code: 'MEDIA_UNSUPPORTED',
  });
});
