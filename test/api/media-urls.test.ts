import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api } = await startTestPipeline({
  networks: ['127.0.0.2/32'],
  limits: { imageBytes: 200_000, urlTimeoutMs: 1_000 },
});
let files: string;
let base: string;

/** A server in a network that the operator has allowed. */
const answers: Record<string, RequestListener> = {
  '/photo.png': (_, response) => response.end(PHOTO),
  '/voice.wav': (_, response) => response.end(VOICE),
  '/moved': (_, response) => response.writeHead(301, { location: '/photo.png' }).end(),
  '/inside': (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:80/' }).end(),
  '/page.html': (_, response) => response.end('<!doctype html><title>No photo</title>'),
  '/nothing': (_, response) => response.end(),
  '/missing': (_, response) => response.writeHead(404).end('not here'),
  '/large': (_, response) => response.end(Buffer.concat([PHOTO, Buffer.alloc(500_000)])),
  '/larger-than-it-says': (_, response) => {
    response.write(PHOTO);
    response.end(Buffer.alloc(500_000));
  },
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': String(PHOTO.length) });
    response.write(PHOTO.subarray(0, 100), () => response.destroy());
  },
  '/slow': (_, response) => response.write(PHOTO.subarray(0, 10)),
};

beforeAll(async () => {
  const listener = createServer((request, response) => answers[request.url!]!(request, response));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.2', resolve));
  base = `http://127.0.0.2:${(listener.address() as AddressInfo).port}`;
  files = (await api.files()).join('\n');
  return () => {
    listener.closeAllConnections();
    listener.close();
  };
});

it.each<[string, number, string]>([
  ['/inside', 422, 'URL_FORBIDDEN'],
  ['/page.html', 415, 'MEDIA_UNSUPPORTED'],
  ['/nothing', 422, 'URL_UNREACHABLE'],
  ['/missing', 422, 'URL_UNREACHABLE'],
  ['/large', 413, 'UPLOAD_TOO_LARGE'],
  ['/larger-than-it-says', 413, 'UPLOAD_TOO_LARGE'],
  ['/cut', 422, 'URL_UNREACHABLE'],
  ['/slow', 422, 'URL_UNREACHABLE'],
])('an image_url that leads to %s is answered with %i %s and leaves nothing', async (path, status, code) => {
  const answer = await submit(api, { fields: { image: undefined, image_url: `${base}${path}` } });

  expect(answer).toMatchObject({ status, body: { code, details: { field: 'image_url' } } });
  expect(answer.body.detail).toMatch(/^image_url: /);
  await expect.poll(async () => (await api.files()).join('\n')).toBe(files);
});

it.each(['http://127.0.0.1/a.png', 'https://169.254.169.254/latest/meta-data/', 'https://[::ffff:7f00:1]/'])(
  'photo, recording and webhook at %s are refused',
  async (url) => {
    for (const field of ['image', 'audio']) {
      const answer = await submit(api, { fields: { [field]: undefined, [`${field}_url`]: url } });
      expect(answer).toMatchObject({ status: 422, body: { code: 'URL_FORBIDDEN' } });
    }
    const answer = await submit(api, { fields: { webhook_url: url } });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'URL_FORBIDDEN', details: { field: 'webhook_url' } },
    });
  },
);

it('a URL together with a file is refused, and so is an invalid URL', async () => {
  const answer = await submit(api, {
    fields: { image_url: `${base}/photo.png`, audio: undefined, audio_url: 'voice.wav' },
  });

  expect(answer).toMatchObject({
    status: 422,
    body: {
      code: 'INPUT_INVALID',
      details: {
        image_url: 'expected either this or image, but received both',
        audio_url: expect.stringContaining('expected an https URL'),
      },
    },
  });
});

it('a photo and a recording at URLs become a video, also through a redirect', async () => {
  const answer = await submit(api, {
    fields: {
      image: undefined,
      image_url: `${base}/moved`,
      audio: undefined,
      audio_url: `${base}/voice.wav`,
    },
    waitS: 30,
  });
  expect(answer).toMatchObject({ status: 200, body: { success: true } });
});
