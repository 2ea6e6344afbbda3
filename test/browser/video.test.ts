import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { VideoFormat } from '../../src/contracts/video-format.ts';
import { openWav } from '../../src/media/audio/wav.ts';
import { joinParts } from '../../src/media/encode/talk-parts.ts';
import { createTalkWriter } from '../../src/media/encode/talk-writer.ts';
import { openBrowser, openPage } from '../harness/browser/browser.ts';
import { needs } from '../harness/needs.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';

const FRAMES = 110;
const SIZE = { widthPx: 128, heightPx: 96 };

interface Played {
  durationS: number;
  width: number;
  height: number;
  error?: string;
}

/** Runs in the page at eight times normal speed. */
const PLAY = `new Promise((resolve) => {
  const video = document.querySelector('video');
  video.onended = video.onerror = () => resolve({
    durationS: video.duration,
    width: video.videoWidth,
    height: video.videoHeight,
    error: video.error?.message,
  });
  video.src = 'SRC';
  video.playbackRate = 8;
  video.play();
})`;

needs('chromium').describe('videos in Chromium', { timeout: 120_000 }, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'browser-video-'));
    await writeTalk(folder, 'mp4');
    await writeTalk(folder, 'webm');
    server = createServer(async (request, response) => {
      const name = request.url!.slice(1);
      if (name === '') {
        response
          .setHeader('content-type', 'text/html')
          .end('<body style="margin:0;background:#00c000"><video muted style="display:block"></video>');
      } else if (!/\.(mp4|webm)$/.test(name)) {
        response.writeHead(404).end();
      } else {
        response
          .setHeader('content-type', `video/${name.split('.')[1]}`)
          .end(await readFile(join(folder, name)));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });

  it.each(['video.mp4', 'preview.mp4', 'video.webm', 'preview.webm'])('play to the end: %s', async (name) => {
    const { page } = await openPage(browser, url);

    const played = await page.evaluate<Played>(PLAY.replace('SRC', name));

    expect(played.error).toBeUndefined();
    expect([played.width, played.height]).toEqual([SIZE.widthPx, SIZE.heightPx]);
    // The sound, in packets of 64 ms, may end after the last frame.
    expect(Math.abs(played.durationS - FRAMES / 25)).toBeLessThan(0.1);
  });

  it('let the page show through if they are transparent', async () => {
    const { page } = await openPage(browser, url);
    await page.evaluate(PLAY.replace('SRC', 'video.webm'));

    const shot = await page.screenshot({ clip: { x: 0, y: 0, width: SIZE.widthPx, height: SIZE.heightPx } });

    const { data, info } = await sharp(shot).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const colourAt = (x: number) => {
      const at = 3 * ((SIZE.heightPx / 2) * info.width + x);
      return [...data.subarray(at, at + 3)];
    };
    expect(colourAt(SIZE.widthPx / 4)).toEqual([0, 0xc0, 0]);
    const [r, g, b] = colourAt((3 * SIZE.widthPx) / 4);
    expect(Math.max(r!, g!, b!) - Math.min(r!, g!, b!)).toBeLessThan(8);
  });
});

/** A grey that gets lighter, as MP4, and on the right half alone as WebM. */
async function writeTalk(folder: string, format: VideoFormat): Promise<void> {
  const voicePath = await writeVoice(join(folder, 'voice.wav'), buzz(FRAMES / 25));
  await using voice = await openWav(voicePath);
  await using writer = await createTalkWriter({
    ...SIZE,
    framesPerS: 25,
    frames: FRAMES,
    voice,
    partsFolder: folder,
    provenance: true,
    format,
  });
  const pixels = SIZE.widthPx * SIZE.heightPx;
  const alpha = Uint8Array.from({ length: pixels }, (_, i) =>
    i % SIZE.widthPx < SIZE.widthPx / 2 ? 0 : 255,
  );
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const grey = Buffer.alloc(1.5 * pixels, 128).fill(60 + frame, 0, pixels);
    await writer.addFrame(format === 'webm' ? Buffer.concat([grey, alpha]) : grey);
  }
  await writer.finish(join(folder, `video.${format}`));
  await joinParts(folder, join(folder, `preview.${format}`), format);
}
