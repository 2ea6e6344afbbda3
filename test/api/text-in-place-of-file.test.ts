import { describe, expect, it } from 'vitest';
import { refuseText } from '../../src/api/submit/text-in-place-of-file.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';

const refusal = (...[field, text, source]: Parameters<typeof refuse>) => {
  try {
    refuse(field, text, source);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};
const refuse = (
  field: 'image' | 'audio' | 'background_image',
  text: string | Buffer,
  source: Parameters<typeof refuseText>[2] = { filename: undefined },
) => refuseText(field, Buffer.from(text).subarray(0, 4096), source);
const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010101', 'hex'), Buffer.alloc(3000, 7)]);

describe('a text in place of a file', () => {
  it.each([
    ['image', 'photo.jpg', "-F 'image=@photo.jpg'"],
    ['audio', '/home/me/My voice ü.wav', "-F 'audio=@/home/me/My voice ü.wav'"],
    ['background_image', 'C:\\beach.png', "-F 'background_image=@C:\\beach.png'"],
    ['image', '@photo.jpg', 'Only curl reads a file by its @'],
    ['image', 'https://example.org/me.jpg', 'Send it as image_url.'],
    ['audio', 'HTTP://example.org/hello.wav', 'Send it as audio_url.'],
    ['background_image', 'https://example.org/beach.jpg', 'Send the file itself.'],
  ] as const)('%s=%s is told how to send it', (field, text, said) => {
    expect(refusal(field, text)).toMatch(
      new RegExp(`^Expected a file in the field ${field} but received the (text|URL) "`),
    );
    expect(refusal(field, text)).toContain(said);
  });

  it.each([
    ['image', JPEG.toString('base64'), 'base64'],
    ['image', JPEG.toString('base64url'), 'base64'],
    ['audio', VOICE.toString('base64').replaceAll(/(.{76})/g, '$1\r\n'), 'base64'],
    ['image', PHOTO.toString('base64'), 'base64'],
    ['image', `data:image/jpeg;base64,${JPEG.toString('base64')}`, 'a data URL'],
  ] as const)('base64 in %s is called by its name, with and without a file name', (field, text, said) => {
    for (const filename of [undefined, 'me.jpg']) {
      expect(refusal(field, text, { filename })).toBe(
        `Expected a file in the field ${field} but received ${said}. Send the bytes of the file, not a text that encodes them.`,
      );
    }
  });

  it.each([
    '<!DOCTYPE html><title>Album</title>',
    '\n  <html lang="en">',
    '<!-- saved from a gallery -->\n<!doctype html>',
    '\ufeff<!doctype html>',
  ])('a URL that leads to a web page is told so: %j', (text) => {
    expect(refusal('image', text, { url: 'https://example.org/album' })).toMatch(
      /received a web page\. .* copy the address of the file itself/,
    );
  });

  it.each([PHOTO, VOICE, JPEG, Buffer.from('')])('files are left to the check of their type', (bytes) => {
    expect(refusal('image', bytes)).toBeUndefined();
    expect(refusal('audio', bytes, { filename: 'hello.wav' })).toBeUndefined();
    expect(refusal('audio', bytes, { url: 'https://example.org/hello.wav' })).toBeUndefined();
  });
});
